import { ProtoReader } from '../../../protobuf/reader.js';

/**
 * The options of any request of the Users service. All begin with the login name; what the second
 * and third string are depends on the request, and the fourth field is always the groups.
 */
export type UserRequest = Readonly<{
  login: string;
  second: string;
  third: string;
  groups: readonly string[];
}>;

/**
 * Reads the content of any request of the Users service; what one of them does not have is empty.
 *
 * @throws RangeError for what is no protobuf message
 */
export const readUserRequest = (bytes: Buffer): UserRequest => {
  const texts = ['', '', '', ''];
  const groups: string[] = [];
  const request = new ProtoReader(bytes);
  if (request.field() === 1) {
    const options = request.message();
    for (let field = options.field(); field; field = options.field()) {
      if (field === 4) groups.push(options.string());
      else if (field < 4) texts[field] = options.string();
      else options.skip();
    }
  }
  const [, login = '', second = '', third = ''] = texts;
  return { login, second, third, groups };
};
