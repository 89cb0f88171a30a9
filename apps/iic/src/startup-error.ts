export type StartupErrorCode =
  | 'ERR_IIC_CONFIGURATION'
  | 'ERR_IIC_FILE'
  | 'ERR_IIC_CERTIFICATE'
  | 'ERR_IIC_PORT_TAKEN'
  | 'ERR_IIC_PORT_FORBIDDEN'
  | 'ERR_IIC_ADDRESS';

/** Keeps a command from doing its work; the message says what to mend and is printed without a stack. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
  readonly code: StartupErrorCode;

  constructor(code: StartupErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
