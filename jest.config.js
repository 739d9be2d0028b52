// Tests run as compiled: what is tested is what is shipped, and worker threads find their files.
export default {
  roots: ['<rootDir>/dist/test'],
  testMatch: ['**/*.test.js'],
  testEnvironment: 'node',
  transform: {},
  testTimeout: 60_000,
  workerIdleMemoryLimit: '1GB',
};
