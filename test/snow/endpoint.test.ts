import { describe, expect, it } from 'vitest';
import { resolveEndpoints } from '../../src/snow/endpoint.ts';

const account = '111122223333';
const bare = { name: 'a', labels: {}, requirePolicies: [] };

describe('where calls go', () => {
  it.each([
    ['us-west-2', 'snow-device-management.us-west-2.amazonaws.com', 'sts.us-west-2.amazonaws.com'],
    [
      'us-gov-west-1',
      'snow-device-management.us-gov-west-1.amazonaws.com',
      'sts.us-gov-west-1.amazonaws.com',
    ],
    ['cn-north-1', 'snow-device-management.cn-north-1.amazonaws.com.cn', 'sts.cn-north-1.amazonaws.com.cn'],
  ])('in %s', (region, service, sts) => {
    expect(resolveEndpoints({ ...bare, region, account })).toEqual({
      ok: true,
      value: { service: `https://${service}`, sts: `https://${sts}` },
    });
  });

  it.each(['', 'us-west-2.evil.example', 'us-west-2/', 'US-WEST-2', 'west', '..', 'us-west-2@x'])(
    'nowhere in a region that cannot be one: %j',
    (region) => {
      expect(resolveEndpoints({ ...bare, region, account })).toMatchObject({
        ok: false,
        fault: { code: 'SG5019' },
      });
    },
  );

  it('to the endpoints that the fleet names', () => {
    const fleet = {
      ...bare,
      region: 'lab',
      account,
      endpoint: 'https://a.example',
      stsEndpoint: 'https://b.example',
    };
    expect(resolveEndpoints(fleet)).toEqual({
      ok: true,
      value: { service: 'https://a.example', sts: 'https://b.example' },
    });
  });

  it('needs no STS for an endpoint without account and role', () => {
    expect(resolveEndpoints({ ...bare, region: 'lab', endpoint: 'http://127.0.0.1:1' }).ok).toBe(true);
    const withRole = {
      ...bare,
      region: 'lab',
      endpoint: 'http://127.0.0.1:1',
      roleArn: 'arn:aws:iam::1:role/a',
    };
    expect(resolveEndpoints(withRole).ok).toBe(false);
  });
});
