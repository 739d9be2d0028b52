import { type Help, Option } from 'commander';
import { type SettingName, settingNames } from '../config.js';
import type { Setting } from '../setting.js';
import { settings } from '../settings.js';

/** The flag of a setting: HOST is `--host`. */
export const flagOf = (name: SettingName): string => `--${name.toLowerCase().replaceAll('_', '-')}`;

/** What holds where a setting is not given, in words. */
export const defaultOf = (name: SettingName): string => {
  const { default: text, otherwise }: Setting = settings[name];
  return otherwise ?? text ?? '';
};

/** The settings as flags of a command, with all that its help tells of them, in their groups. */
export const settingOptions = (): readonly Option[] =>
  settingNames.map((name) => {
    const { help, value, group }: Setting = settings[name];
    return new Option(
      `${flagOf(name)} <${value}>`,
      `${help}\n${name}; default: ${defaultOf(name)}`,
    ).helpGroup(`${group}:`);
  });

/** Shows an option with its description below, since the flags of settings are long and 80 columns few. */
export const formatBelow = (
  term: string,
  _termWidth: number,
  description: string,
  helper: Help,
): string => {
  const indent = ' '.repeat(6);
  const lines = description
    .split('\n')
    .flatMap((line) => helper.boxWrap(line, (helper.helpWidth ?? 80) - indent.length).split('\n'));
  return [`  ${term}`, ...lines.map((line) => `${indent}${line}`)].join('\n');
};
