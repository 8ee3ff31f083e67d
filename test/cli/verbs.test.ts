import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { registerVerbs, VERB_GROUPS } from '../../src/cli/verbs.ts';

const namesOf = (program: Command): readonly string[] => program.commands.map((command) => command.name());

describe('verbs that are read when they are called', () => {
  it.each(VERB_GROUPS)('$verbs are what their module registers', async ({ verbs, load }) => {
    const program = new Command();
    (await load())(program);
    expect(namesOf(program)).toEqual(verbs);
    expect(program.commands.flatMap((command) => command.aliases())).toEqual([]);
  });

  it('a known verb brings its own module only; help and what is unknown bring all', async () => {
    const registered = async (called: string | undefined): Promise<readonly string[]> => {
      const program = new Command();
      await registerVerbs(program, called);
      return namesOf(program);
    };
    expect(await registered('down')).toEqual(['up', 'down', 'logs', 'stack']);
    const all = VERB_GROUPS.flatMap(({ verbs }) => verbs);
    for (const called of [undefined, 'help', '--help', 'statsu']) expect(await registered(called)).toEqual(all);
  });
});
