/** Fleets as flags name them, and what contradicts itself among fleets and keys. */
import { defaultSeat } from './defaults.ts';
import type { SigningKey } from './proof.ts';
import type { FleetSeat } from './service.ts';
import type { Written } from './written.ts';
import { quote } from './written.ts';

export const devicesMax = 100_000;
export const accountGrammar = /^[0-9]{12}$/;
export const regionGrammar = /^[a-z0-9-]{1,32}$/;
export const keyIdGrammar = /^[A-Za-z0-9]{1,128}$/;
const fleetGrammar = /^([0-9]{12})\/([a-z0-9-]{1,32})\/([A-Za-z0-9]{1,128}(?:,[A-Za-z0-9]{1,128})*)$/;

/** The fleets that the flags name: several by `fleet`, or the one of `account` and `region`. */
export function readFleets(
  written: Written,
  devices: number,
  refuse: (problem: string) => void,
): FleetSeat[] {
  const { fleet, account, region } = written;
  if (fleet === undefined) {
    const seat = {
      ...defaultSeat,
      devices,
      account: account ?? defaultSeat.account,
      region: region ?? defaultSeat.region,
    };
    const { account: accountId, region: regionName } = seat;
    if (typeof accountId !== 'string' || !accountGrammar.test(accountId)) {
      refuse(`--account is ${quote(accountId)}: it must be twelve digits`);
    } else if (typeof regionName !== 'string' || !regionGrammar.test(regionName)) {
      refuse(`--region is ${quote(regionName)}: it must be a name like eu-west-1`);
    } else return [{ ...seat, account: accountId, region: regionName }];
    return [defaultSeat];
  }
  if (account !== undefined || region !== undefined)
    refuse('--fleet says account and region already: leave those flags out');
  const seats: FleetSeat[] = [];
  for (const text of Array.isArray(fleet) ? fleet : [fleet]) {
    const match = typeof text === 'string' ? fleetGrammar.exec(text) : null;
    if (match === null) {
      refuse(
        `--fleet is ${quote(text)}: it must be ACCOUNT/REGION/KEY[,KEY...], like 111122223333/eu-west-1/AKIDONE`,
      );
      continue;
    }
    const [, seatAccount = '', seatRegion = '', keys = ''] = match;
    seats.push({
      account: seatAccount,
      region: seatRegion,
      accessKeyIds: keys.split(','),
      devices,
    });
  }
  return seats;
}

/**
 * Sentences for a place with two fleets, a key that speaks for two accounts or for one without a fleet, a fleet that no key
 * opens, and, where signatures are proved, a key whose secret nobody knows. Where there are no keys at all the
 * region alone decides, and each may have one fleet.
 */
export function findContradictions(
  seats: readonly FleetSeat[],
  signingKeys: readonly SigningKey[] = [],
): string[] {
  const problems: string[] = [];
  const places = new Set<string>();
  const keysOf = (seat: FleetSeat): readonly string[] => [
    ...seat.accessKeyIds,
    ...signingKeys.filter(({ account }) => account === seat.account).map(({ accessKeyId }) => accessKeyId),
  ];
  const open = seats.every((seat) => keysOf(seat).length === 0);
  const owners = new Map<string, string>();
  for (const seat of seats) {
    const { account, region } = seat;
    const place = open ? region : `${account}/${region}`;
    if (places.has(place)) problems.push(`fleet ${place} is given twice`);
    places.add(place);
    if (!open && keysOf(seat).length === 0)
      problems.push(`fleet ${place} has no access key id, and others have`);
    for (const key of keysOf(seat)) {
      const owner = owners.get(key);
      if (owner !== undefined && owner !== account) {
        problems.push(`access key id ${quote(key)} speaks for both ${owner} and ${account}`);
      }
      owners.set(key, account);
    }
  }
  return [...problems, ...findStrayKeys(seats, signingKeys)];
}

function findStrayKeys(seats: readonly FleetSeat[], signingKeys: readonly SigningKey[]): string[] {
  const problems: string[] = [];
  const known = new Set<string>();
  const accounts = new Set(seats.map(({ account }) => account));
  for (const { accessKeyId, account } of signingKeys) {
    if (known.has(accessKeyId)) problems.push(`access key id ${quote(accessKeyId)} has two secrets`);
    known.add(accessKeyId);
    if (!accounts.has(account)) {
      problems.push(
        `access key id ${quote(accessKeyId)} is of account ${quote(account)}, which has no fleet`,
      );
    }
  }
  if (known.size === 0) return problems;
  const unproved = seats.flatMap(({ accessKeyIds }) => accessKeyIds.filter((key) => !known.has(key)));
  for (const key of new Set(unproved)) {
    problems.push(`access key id ${quote(key)} has no secret, and signatures are to be proved`);
  }
  return problems;
}
