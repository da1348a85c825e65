import { MemoryPolicies } from '../doubles/policies.ts';
import { MemorySource, SourceOrigin } from '../doubles/source.ts';
import { openPolicyWorld, openSourceWorld } from '../git/source-world.ts';
import { describeFileTrace } from './file-trace.ts';
import { describePolicyRepository } from './policy-repository.ts';
import type { OpenPolicyWorld, PolicyWorld } from './policy-world.ts';

function acts(origin: SourceOrigin): Omit<PolicyWorld, 'policies'> {
  return {
    commit: async (change) => origin.commit(change),
    build: async (parent, change) => origin.build(parent, change),
    move: async (commit) => origin.move(commit),
    end: async () => undefined,
  };
}

const inMemory: OpenPolicyWorld = async (settings) => {
  const origin = new SourceOrigin(settings);
  return { policies: new MemoryPolicies(origin), ...acts(origin) };
};

describePolicyRepository('in memory', inMemory);
describePolicyRepository('git over file://', openPolicyWorld);
describeFileTrace('policies in memory', async (settings) => {
  const { policies, ...rest } = await inMemory(settings);
  return { traced: policies, ...rest };
});
describeFileTrace('policies on git', async (settings) => {
  const { policies, ...rest } = await openPolicyWorld(settings);
  return { traced: policies, ...rest };
});
describeFileTrace('source in memory', async (settings) => {
  const origin = new SourceOrigin(settings);
  return { traced: new MemorySource(origin), ...acts(origin) };
});
describeFileTrace('source on git', async (settings) => {
  const { source, ...rest } = await openSourceWorld(settings === undefined ? {} : { settings });
  return { traced: source, ...rest };
});
