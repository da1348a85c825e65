/** What is simulated where nobody says otherwise. Its own file, because every command's help names it. */
import type { FleetSeat } from './service.ts';

export const defaultDevices = 6;
/** AWS's own example account: it belongs to nobody. */
export const defaultSeat: FleetSeat = {
  account: '111122223333',
  region: 'us-west-2',
  accessKeyIds: [],
  devices: defaultDevices,
};
