import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * A connection that can be broken: stands between whoever connects to its port and a server on
 * loopback, and passes bytes on in both directions.
 */
export type Link = Readonly<{
  port: number;
  /** Where connections lead from now on; nowhere when undefined. */
  leadTo(port: number | undefined): void;
  /** Cuts every connection off, in both directions at once. */
  cut(): void;
  /** While it refuses, every new connection is closed. */
  refuse(isRefusing: boolean): void;
  /** While it stalls, nothing is passed on, and nothing is lost. */
  stall(isStalling: boolean): void;
  /**
   * While it does, requests arrive and are carried out, and what the server says is lost. When that
   * ends the connections are cut, as bytes are missing in them.
   */
  loseAnswers(isLosing: boolean): void;
  /** How many bytes of answers were lost. */
  lost(): number;
  stop(): Promise<void>;
}>;

export const startLink = async (target?: number): Promise<Link> => {
  const pairs = new Set<readonly [client: Socket, server: Socket]>();
  const is = { refusing: false, stalling: false, losing: false };
  let lost = 0;

  const cut = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };

  const pass = (from: Socket, to: Socket, isAnswer: boolean): void => {
    from.on('data', (chunk) => {
      if (isAnswer && is.losing) lost += chunk.length;
      else if (!to.write(chunk)) from.pause();
    });
    to.on('drain', () => {
      if (!is.stalling) from.resume();
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => to.end());
  };

  const listener = createServer((client) => {
    if (target === undefined || is.refusing) {
      client.destroy();
      return;
    }
    const server = connect(target, '127.0.0.1');
    const pair = [client, server] as const;
    pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('close', () => {
        if (pair.every(({ destroyed }) => destroyed)) pairs.delete(pair);
      });
    }
    pass(client, server, false);
    pass(server, client, true);
    if (is.stalling) for (const socket of pair) socket.pause();
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');

  return {
    port: (listener.address() as AddressInfo).port,
    leadTo: (port) => {
      target = port;
    },
    cut,
    refuse: (isRefusing) => {
      is.refusing = isRefusing;
      if (isRefusing) cut();
    },
    stall: (isStalling) => {
      is.stalling = isStalling;
      for (const pair of pairs)
        for (const socket of pair) isStalling ? socket.pause() : socket.resume();
    },
    loseAnswers: (isLosing) => {
      if (is.losing && !isLosing) cut();
      is.losing = isLosing;
    },
    lost: () => lost,
    stop: async () => {
      cut();
      listener.close();
      await once(listener, 'close');
    },
  };
};
