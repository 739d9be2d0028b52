const { FORKLINE_TEST_REPORT: report } = process.env;

// Tests run as compiled: what is tested is what is shipped, and worker threads find their files.
export default {
  roots: ['<rootDir>/dist/test'],
  testMatch: ['**/*.test.js'],
  testEnvironment: 'node',
  transform: {},
  testTimeout: 60_000,
  // Tests start servers in threads and processes of their own; more files at once than cores only wait.
  maxWorkers: 2,
  ...(report && { reporters: ['default', ['<rootDir>/jest.count.js', { file: report }]] }),
};
