/** What the codes of a family are about, for formats that describe a rule beside its findings. docs/ERRORS.md has each code. */
import type { FaultCode } from '../lib/faults.ts';

/** By the first two digits. */
const families: Readonly<Record<string, string>> = {
  '10': 'a file is not read as YAML',
  '11': 'a document does not follow its schema',
  '12': 'a manifest is not as it must be',
  '13': 'names, order or windows do not fit together',
  '14': 'a policy, waiver, suspension or policy test is not as it must be',
  '20': 'the configuration is not as it must be',
  '30': 'git or one of its servers stands in the way',
  '40': 'the ledger cannot be read or written',
  '42': 'the ledger holds what it may not hold',
  '50': 'AWS cannot be reached, or refuses',
  '60': 'the simulator is used wrongly',
  '61': 'a task waits, or is not issued',
  '62': 'the controller or a fleet is halted',
  '63': 'a policy holds or denies a task',
  '70': 'a command finds something',
  '80': 'a forge cannot be reached, or refuses',
};

/** One line, the same from one version to the next: it is shown above findings that somebody looks at for weeks. */
export function describeCode(code: FaultCode): string {
  const family = families[code.slice(2, 4)];
  return family === undefined ? code : `${code}: ${family}`;
}
