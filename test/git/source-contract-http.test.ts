import { describeSourceRepository } from '../contract/source-repository.ts';
import { openSourceWorld } from './source-world.ts';

// Provenance is read from the mirror alone: the way its commits came is tested here, what is made of them there.
describeSourceRepository('git over smart http with a token', (settings) =>
  openSourceWorld({ transport: 'http', ...(settings === undefined ? {} : { settings }) }),
);
