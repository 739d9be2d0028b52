/** After all test files: ends the program that some of them shared. */
export default () => globalThis.endSharedProgram();
