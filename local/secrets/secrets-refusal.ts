/** The names that Secrets Manager gives its errors, as its SDK knows them. */
export type RefusalType =
  | 'InvalidNextTokenException'
  | 'InvalidParameterException'
  | 'InvalidRequestException'
  | 'ResourceExistsException'
  | 'ResourceNotFoundException'
  | 'SerializationException'
  | 'UnknownOperationException'
  | 'ValidationException';

/** An answer 400 of Secrets Manager. Changes nothing. */
export class SecretsRefusal extends Error {
  override readonly name = 'SecretsRefusal';
  readonly type: RefusalType;

  constructor(type: RefusalType, message: string) {
    super(message);
    this.type = type;
  }
}
