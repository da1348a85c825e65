import { MemorySource, SourceOrigin } from '../doubles/source.ts';
import { openSourceWorld } from '../git/source-world.ts';
import { describeSourceProvenance } from './source-provenance.ts';
import { describeSourceRepository } from './source-repository.ts';
import type { OpenWorld } from './source-world.ts';

const inMemory: OpenWorld = async (settings) => {
  const origin = new SourceOrigin(settings);
  return {
    source: new MemorySource(origin),
    commit: async (change) => origin.commit(change),
    build: async (parent, change) => origin.build(parent, change),
    move: async (commit) => origin.move(commit),
    end: async () => undefined,
  };
};
const onFile: OpenWorld = (settings) => openSourceWorld(settings === undefined ? {} : { settings });

describeSourceRepository('in memory', inMemory);
describeSourceProvenance('in memory', inMemory);
describeSourceRepository('git over file://', onFile);
describeSourceProvenance('git over file://', onFile);
