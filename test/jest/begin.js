import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Before all test files: listens for those that share one program, and tells each its address. The program is started
 * when the first asks, as a start takes seconds of a processor, and ended by end.js.
 */
export default async function begin() {
  const { startProgram, temporaryFolder, removeFolder } = await import(
    '../../dist/test/support/program.js'
  );
  let started;
  const desk = createServer(async (asking) => {
    asking.on('error', () => {});
    started ??= temporaryFolder().then((folder) => startProgram(folder));
    await started.then(
      ({ url }) => asking.end(url),
      (error) => asking.destroy(error),
    );
  });
  await once(desk.listen(0, '127.0.0.1'), 'listening');
  process.env.FORKLINE_TEST_DESK = `${desk.address().port}`;
  globalThis.endSharedProgram = async () => {
    desk.close();
    const program = await started;
    if (!program) return;
    const code = await program.stop();
    await removeFolder(program.dataDir);
    if (code !== 0) throw new Error(`the program that test files share ended with ${code}`);
  };
}
