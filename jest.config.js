const { FORKLINE_TEST_REPORT: report } = process.env;

// Tests run as compiled: what is tested is what is shipped, and worker threads find their files.
export default {
  roots: ['<rootDir>/dist/test'],
  testMatch: ['**/*.test.js'],
  testEnvironment: 'node',
  transform: {},
  testSequencer: '<rootDir>/test/jest/sequencer.js',
  testTimeout: 60_000,
  globalSetup: '<rootDir>/test/jest/begin.js',
  globalTeardown: '<rootDir>/test/jest/end.js',
  // On two cores, which two files at a time leave idle for half of the time: they wait for disks and timers.
  maxWorkers: 3,
  ...(report && { reporters: ['default', ['<rootDir>/test/jest/count.js', { file: report }]] }),
};
