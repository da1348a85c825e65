/** The one place where exit codes are named; docs/OPERATIONS.md tells them to operators. */
export const exitCodes = {
  done: 0,
  /** Something is invalid, denied, refused, in doubt or halted; it was said what. */
  findings: 1,
  /** Wrong usage or configuration: nothing was tried; or a name on the command line that nothing bears. */
  usage: 2,
  /** What the command needs could not be reached. */
  unreachable: 3,
  /** A bug of ours (EX_SOFTWARE of sysexits.h). */
  bug: 70,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Called once by a command, with how it ended. */
export type End = (exit: ExitCode) => void;
