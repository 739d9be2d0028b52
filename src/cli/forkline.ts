#!/usr/bin/env node
import { Command } from 'commander';
import { registerServe } from './serve.js';
import { registerStores } from './stores.js';

const program = new Command('forkline').description(
  'The event-sourced control plane for AI agents',
);
for (const register of [registerServe, registerStores]) register(program);
await program.parseAsync();
