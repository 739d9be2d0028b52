import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { serviceNamed } from './compose-file.js';

const check = serviceNamed('mongodb').healthcheck?.test ?? [];

type Node = { config: unknown; isPrimary: boolean; failure?: unknown };

/** Runs the check's script against what mongosh would find; there is no mongosh to run it in here. */
const checked = (node: Node): unknown => {
  let exitCode: unknown;
  runInNewContext(check.at(-1) ?? '', {
    rs: {
      status: () => {
        if (node.failure) throw node.failure;
        if (!node.config) throw Object.assign(new Error('no replset config'), { code: 94 });
      },
      initiate: (config: unknown) => {
        if (node.config) throw Object.assign(new Error('already initialized'), { code: 23 });
        node.config = config;
      },
    },
    db: { hello: () => ({ isWritablePrimary: node.isPrimary }) },
    quit: (code: unknown) => {
      exitCode = code;
    },
  });
  return exitCode;
};

describe('the health check of MongoDB', () => {
  it('is a mongosh script', () => {
    expect(check.slice(0, 2)).toEqual(['CMD', 'mongosh']);
    expect(check.at(-2)).toBe('--eval');
  });

  it('initiates a new set under the name and address that clients use', () => {
    const node: Node = { config: undefined, isPrimary: false };
    expect(checked(node)).toBe(1);
    expect(JSON.parse(JSON.stringify(node.config))).toEqual({
      _id: 'rs0',
      members: [{ _id: 0, host: 'mongodb:27017' }],
    });
  });

  it('leaves a set that was initiated alone and passes once the node is its primary', () => {
    const config = { _id: 'rs0', members: [] };
    const node: Node = { config, isPrimary: false };
    expect(checked(node)).toBe(1);
    node.isPrimary = true;
    expect(checked(node)).toBe(0);
    expect(node.config).toBe(config);
  });

  it('initiates nothing when the status cannot be read for another reason', () => {
    const failure = Object.assign(new Error('not authorized'), { code: 13 });
    const node: Node = { config: undefined, isPrimary: false, failure };
    expect(() => checked(node)).toThrow('not authorized');
    expect(node.config).toBeUndefined();
  });
});
