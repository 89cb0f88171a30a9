import type { ObjectProblem } from '@koko/translator';

/** As long as Kubernetes takes them. */
const MAX_MESSAGE_BYTES = 1024;
const ELLIPSIS = '…';

/** By what kept an object from taking effect: its translation, or the rules of Kong. */
export function reasonForProblem({ code }: ObjectProblem): string {
  const [, origin] = code.split('_'); // ERR_TRANSLATE_SERVICE_MISSING
  return origin === 'TRANSLATE' ? 'KongConfigurationTranslationFailed' : 'KongConfigurationApplyFailed';
}

/** The problem in words, cut between characters where it is too long. */
export function messageForProblem({ message }: ObjectProblem): string {
  const text = message.toWellFormed();
  if (Buffer.byteLength(text) <= MAX_MESSAGE_BYTES) return text;
  const room = new Uint8Array(MAX_MESSAGE_BYTES - Buffer.byteLength(ELLIPSIS));
  const { read } = new TextEncoder().encodeInto(text, room);
  return text.slice(0, read) + ELLIPSIS;
}
