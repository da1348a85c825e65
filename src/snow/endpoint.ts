import type { FleetConfig } from '../config/config.ts';
import { failed, fault, ok, type Result } from '../lib/faults.ts';

export interface FleetEndpoints {
  readonly service: string;
  readonly sts: string;
}

/**
 * Where a fleet's calls go. The SDK would find it by itself, but only after asking AWS_ENDPOINT_URL and the shared
 * configuration file: an environment variable must not be able to turn a fleet's unlocks to another host.
 * Source of the domains: the SDK's partition table. Fault: SG5019 for a partition that is not in it.
 */
export function resolveEndpoints(fleet: FleetConfig): Result<FleetEndpoints> {
  const domain = domainOf(fleet.region);
  const service = fleet.endpoint ?? hostIn(domain, 'snow-device-management', fleet.region);
  const sts = fleet.stsEndpoint ?? hostIn(domain, 'sts', fleet.region);
  // A fleet with an endpoint of its own and no account never asks STS.
  if (service !== null && (sts !== null || !asksSts(fleet))) return ok({ service, sts: sts ?? '' });
  return failed(
    fault(
      'SG5019',
      'human',
      `fleet ${fleet.name}: the address of AWS in region ${fleet.region} is not known`,
      'name endpoint and stsEndpoint in the fleet',
    ),
  );
}

/**
 * Whether the account is proved. An account that is named is always proved, also behind an endpoint of its own: who
 * wrote it there wants to be stopped when the credentials are another account's. Without one (which the configuration
 * allows only with an endpoint) there is nothing to compare with, STS is not asked, and the account stays empty.
 */
export function provesAccount(fleet: FleetConfig): boolean {
  return fleet.account !== undefined;
}

function asksSts(fleet: FleetConfig): boolean {
  return provesAccount(fleet) || fleet.roleArn !== undefined;
}

function hostIn(domain: string | null, service: string, region: string): string | null {
  return domain === null ? null : `https://${service}.${region}.${domain}`;
}

function domainOf(region: string): string | null {
  // The name becomes part of a host: whatever is not a region's name must not get there.
  if (!/^[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/.test(region)) return null;
  if (region.startsWith('cn-')) return 'amazonaws.com.cn';
  if (region.startsWith('us-isob-')) return 'sc2s.sgov.gov';
  if (region.startsWith('us-isof-')) return 'csp.hci.ic.gov';
  if (region.startsWith('us-iso-')) return 'c2s.ic.gov';
  if (region.startsWith('eu-isoe-')) return 'cloud.adc-e.uk';
  if (region.startsWith('eusc-')) return 'amazonaws.eu';
  return 'amazonaws.com';
}
