import { describe, expect, it } from '@jest/globals';
import { LRUCache } from 'lru-cache';
import { growingTo } from '../src/growing-to.js';

describe('a cache that grows', () => {
  it('holds as many entries as it may, and then forgets whichever was used longest ago', () => {
    const cache = new LRUCache<string, number>(growingTo(3));
    for (const [n, key] of ['a', 'b', 'c'].entries()) cache.set(key, n);
    expect(cache.get('a')).toBe(0);
    cache.set('d', 3);
    expect([...cache.keys()]).toEqual(['d', 'a', 'c']);
  });
});
