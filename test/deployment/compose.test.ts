import { EventStoreDBClient } from '@eventstore/db-client';
import { describe, expect, it } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { compose, interpolate, serviceNamed } from './compose-file.js';
import { argumentsOf, environmentOf, stagesOf } from './dockerfile.js';
import { textOf } from './repository.js';

const image = stagesOf(textOf('Dockerfile')).at(-1)!;
const services = Object.entries(compose.services);
const forkline = serviceNamed('forkline');
const kurrentdb = serviceNamed('kurrentdb');
const mongodb = serviceNamed('mongodb');

/** The variables that `forkline serve` reads. */
const documented = [
  ...['HOST', 'PORT', 'DATA_DIR', 'EVENTSTORE_URL', 'MONGODB_URL', 'MONGODB_DATABASE'],
  ...['AUTH_JWT_SECRET', 'AUTH_JWKS_URL', 'AUTH_API_KEYS_FILE'],
  ...['LOG_LEVEL', 'LOG_FORMAT', 'WEBHOOK_ALLOW_PRIVATE'],
];

const secondsOf = (duration: string): number => Number(duration.replace('s', ''));

describe('every service', () => {
  it.each(services)('%s waits only for services that report their health', (_, { depends_on }) => {
    for (const [name, { condition }] of Object.entries(depends_on)) {
      expect(condition).toBe('service_healthy');
      expect(serviceNamed(name).healthcheck).toBeDefined();
    }
  });

  it.each(services)('%s names a version of its image', (_, service) => {
    if (service.build) return expect(service.image).toBe('forkline:local');
    return expect(interpolate(service.image, {})).toMatch(/^[a-z/]+:\d+\.\d+(\.\d+)?$/);
  });

  it.each(services)('%s does not run as root', (_, { user }) => {
    expect(user ?? 'the user of the image').not.toMatch(/^(root|0)\b/);
  });

  it.each(services)(
    '%s comes back after a crash and a reboot, but not after a stop',
    (_, service) => {
      expect(service.restart).toBe('unless-stopped');
    },
  );

  it.each(services)('%s has longer to stop than Forkline takes', (_, service) => {
    expect(secondsOf(service.stop_grace_period)).toBeGreaterThan(10);
  });

  it.each(services)('%s is published to this machine alone, if at all', (_, { ports }) => {
    for (const port of ports) expect(interpolate(port, {})).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });
});

describe('the volumes', () => {
  const used = services.flatMap(([, { volumes }]) => volumes);

  it('are each declared and used once', () => {
    expect(used.map((volume) => volume.split(':')[0]).sort()).toEqual(
      Object.keys(compose.volumes).sort(),
    );
  });

  it('hold the data and logs of the event store and everything MongoDB writes', () => {
    const targets = (volumes: readonly string[]) => volumes.map((volume) => volume.split(':')[1]);
    expect(targets(kurrentdb.volumes)).toEqual(['/var/lib/kurrentdb', '/var/log/kurrentdb']);
    expect(targets(mongodb.volumes)).toEqual(['/data/db', '/data/configdb']);
  });

  it('leave no folder of the image to an anonymous volume', () => {
    expect(forkline.tmpfs).toEqual(expect.arrayContaining([...argumentsOf(image, 'VOLUME')]));
  });
});

describe('Forkline', () => {
  const { EVENTSTORE_URL, MONGODB_URL } = forkline.environment;

  it('is given only variables it knows', () => {
    expect(documented).toEqual(expect.arrayContaining(Object.keys(forkline.environment)));
    expect(documented).toEqual(
      expect.arrayContaining(
        Object.keys(environmentOf(image)).filter((name) => name !== 'NODE_ENV'),
      ),
    );
  });

  it('is not started without a secret', () => {
    const secret = String(forkline.environment.AUTH_JWT_SECRET);
    expect(() => interpolate(secret, {})).toThrow('required variable AUTH_JWT_SECRET');
    expect(() => interpolate(secret, { AUTH_JWT_SECRET: '' })).toThrow('AUTH_JWT_SECRET');
    expect(interpolate(secret, { AUTH_JWT_SECRET: 'c2VjcmV0' })).toBe('c2VjcmV0');
  });

  it('waits for both stores', () => {
    expect(Object.keys(forkline.depends_on)).toEqual(['kurrentdb', 'mongodb']);
  });

  it('is published on the port it listens on', () => {
    expect(forkline.ports.map((port) => interpolate(port, {}))).toEqual([
      `127.0.0.1:4400:${environmentOf(image).PORT}`,
    ]);
  });

  it('reaches the event store where it listens, without TLS, by a URL its client takes', async () => {
    const url = new URL(String(EVENTSTORE_URL));
    expect(url.hostname).toBe('kurrentdb');
    expect(url.port).toBe(String(kurrentdb.environment.KURRENTDB_NODE_PORT));
    expect(url.searchParams.get('tls')).toBe('false');
    expect(kurrentdb.environment.KURRENTDB_INSECURE).toBe('true');
    await EventStoreDBClient.connectionString(String(EVENTSTORE_URL)).dispose();
  });

  it('reaches MongoDB where it listens, as the replica set it is', () => {
    const { hosts, replicaSet } = new MongoClient(String(MONGODB_URL)).options;
    const command = mongodb.command ?? [];
    expect(hosts.map(String)).toEqual([`mongodb:${command[command.indexOf('--port') + 1]}`]);
    expect(replicaSet).toBe(command[command.indexOf('--replSet') + 1]);
  });
});

describe('KurrentDB', () => {
  it('keeps its events on disk', () => {
    expect(Object.keys(kurrentdb.environment)).not.toContain('KURRENTDB_MEM_DB');
    expect(Object.keys(kurrentdb.environment)).not.toContain(
      'KURRENTDB_UNSAFE_DISABLE_FLUSH_TO_DISK',
    );
  });

  it('is asked for its health where it listens', () => {
    const url = new URL(kurrentdb.healthcheck?.test.at(-1) ?? '');
    expect(url.port).toBe(String(kurrentdb.environment.KURRENTDB_NODE_PORT));
    expect(url.protocol).toBe('http:');
  });

  it('accepts an append larger than the largest request', () => {
    expect(kurrentdb.environment.KURRENTDB_MAX_APPEND_SIZE).toBeGreaterThan(1024 * 1024);
  });
});
