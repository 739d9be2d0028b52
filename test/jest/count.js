import { writeFileSync } from 'node:fs';

/** Leaves the numbers of a test run in a file, for the last line of .ci/run. */
export default class CountReporter {
  constructor(_globalConfig, { file }) {
    this.file = file;
  }

  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites }) {
    writeFileSync(
      this.file,
      JSON.stringify({ numPassedTests, numFailedTests, numRuntimeErrorTestSuites }),
    );
  }
}
