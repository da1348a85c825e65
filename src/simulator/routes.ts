/** Which operation a method and a path mean. */

/** All operations of the service model of 2021-08-04, with its paths. */
const routes = [
  ['CreateTask', 'POST', '/task'],
  ['CancelTask', 'POST', '/task/{taskId}/cancel'],
  ['DescribeTask', 'POST', '/task/{taskId}'],
  ['DescribeExecution', 'POST', '/task/{taskId}/execution/{managedDeviceId}'],
  ['ListTasks', 'GET', '/tasks'],
  ['ListExecutions', 'GET', '/executions'],
  ['ListDevices', 'GET', '/managed-devices'],
  ['DescribeDevice', 'POST', '/managed-device/{managedDeviceId}/describe'],
  ['ListDeviceResources', 'GET', '/managed-device/{managedDeviceId}/resources'],
  ['DescribeDeviceEc2Instances', 'POST', '/managed-device/{managedDeviceId}/resources/ec2/describe'],
  ['TagResource', 'POST', '/tags/{resourceArn}'],
  ['UntagResource', 'DELETE', '/tags/{resourceArn}'],
  ['ListTagsForResource', 'GET', '/tags/{resourceArn}'],
] as const;

export type OperationName = (typeof routes)[number][0];

export const operationNames: readonly OperationName[] = routes.map(([name]) => name);

export type Route =
  | {
      readonly kind: 'operation';
      readonly operation: OperationName;
      readonly params: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'wrongMethod'; readonly allow: readonly string[] }
  | { readonly kind: 'unknown' };

const table = routes.map(([operation, method, path]) => ({
  operation,
  method,
  segments: path.slice(1).split('/'),
}));

/** `path` is the request's path without its query, still percent-encoded. */
export function findRoute(method: string, path: string): Route {
  const segments = path.startsWith('/') ? path.slice(1).split('/') : [];
  const allow: string[] = [];
  for (const route of table) {
    const params = matchSegments(route.segments, segments);
    if (params === null) continue;
    if (route.method === method) return { kind: 'operation', operation: route.operation, params };
    allow.push(route.method);
  }
  return allow.length > 0 ? { kind: 'wrongMethod', allow } : { kind: 'unknown' };
}

function matchSegments(
  pattern: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | null {
  if (pattern.length !== segments.length) return null;
  const params: Record<string, string> = {};
  for (const [index, wanted] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (!wanted.startsWith('{')) {
      if (wanted !== segment) return null;
      continue;
    }
    const value = decodeSegment(segment);
    if (value === null || value === '') return null;
    params[wanted.slice(1, -1)] = value;
  }
  return params;
}

function decodeSegment(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
