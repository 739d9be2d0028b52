import type { Draw } from '../draw.js';

/** Something that a client has made, as far as it means to: whether it is there, only answers tell. */
export type Thing = Readonly<{
  id: string;
  stream: string;
  /** Ids of what was put into it: messages of a session, checkpoints of an execution. */
  entries: string[];
}>;

export type ThingCategory = 'session' | 'execution' | 'interrupt' | 'task' | 'webhook';

/**
 * What a client means to have made. It follows from the seed alone, so that what is asked for next
 * does as well, whatever was answered.
 */
export type Memory = Readonly<{
  /** Remembers a thing under a new id, or under one that others know too. */
  add(category: ThingCategory, draw: Draw, id?: string): Thing;
  /** Recent things of a category, forks among them. */
  recent(category: ThingCategory): readonly Thing[];
  /** Recent forks of any category. */
  forks(): readonly Thing[];
  addFork(category: ThingCategory, draw: Draw): Thing;
  /** Lets go of what is no more. */
  drop(thing: Thing): void;
}>;

const remembered = 10;

export const newMemory = (): Memory => {
  const things = new Map<ThingCategory, Thing[]>();
  let forks: Thing[] = [];

  const keep = (category: ThingCategory, id: string): Thing => {
    const thing: Thing = { id, stream: `${category}-${id}`, entries: [] };
    things.set(category, [...(things.get(category) ?? []), thing].slice(-remembered));
    return thing;
  };
  return {
    add: (category, draw, id = draw.uuid()) => keep(category, id),
    recent: (category) => things.get(category) ?? [],
    forks: () => forks,
    addFork: (category, draw) => {
      const fork = keep(category, draw.uuid());
      forks = [...forks, fork].slice(-remembered);
      return fork;
    },
    drop: (thing) => {
      for (const [category, all] of things)
        things.set(
          category,
          all.filter((each) => each !== thing),
        );
      forks = forks.filter((each) => each !== thing);
    },
  };
};
