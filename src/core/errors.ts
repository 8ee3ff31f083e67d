import type { Note } from './observe.ts';

/**
 * Every failure has one code, each code one disposition:
 * retry - passing; back off and try the same again. park - this row or document is kept aside, the others go on.
 * halt - going on would lose or harm data; the flow stops and says so.
 */
export type Disposition = 'retry' | 'park' | 'halt';

export const ERROR_CODES = {
  TARGET_UNAVAILABLE: ['retry', 'The target store cannot be reached. Check that it is up; work goes on by itself.'],
  TARGET_BUSY: ['retry', 'The target store asks for less load or lost a race. Work goes on by itself.'],
  TARGET_OUT_OF_SPACE: ['retry', 'The target store cannot write. Free disk space; work goes on by itself.'],
  TARGET_READ_ONLY: ['retry', 'The target store refuses writes. Make it writable; work goes on by itself.'],
  BROKER_UNAVAILABLE: ['retry', 'Kafka cannot be reached. Check the brokers; work goes on by itself.'],
  REGISTRY_UNAVAILABLE: ['retry', 'The schema registry cannot be reached. Check it; work goes on by itself.'],
  SOURCE_UNAVAILABLE: ['retry', 'The source database cannot be reached. Check it; work goes on by itself.'],
  PARENT_MISSING: ['retry', 'A row this one belongs to has not arrived yet. It goes on when it does.'],
  FENCED: ['retry', 'Another worker took this partition over. This one joins the group again.'],
  VALUE_UNDECODABLE: [
    'park',
    'The record cannot be decoded. Look at it with `sluice parked show`, mend the cause, retry.',
  ],
  SCHEMA_UNKNOWN: ['park', 'The schema registry does not know the schema of this record. Restore it, then retry.'],
  TOAST_VALUE_UNKNOWN: [
    'park',
    'An unchanged large value was not sent and no earlier image is landed. Touch the row at the source, or re-snapshot its table.',
  ],
  ROW_INVALID: ['park', 'The row does not fit its declaration. Mend it at the source, or the declaration, then retry.'],
  TRANSFORM_FAILED: ['park', 'The transformer failed on this row. Mend the rule, then retry.'],
  DOCUMENT_INVALID: [
    'park',
    'The document does not pass validation. `sluice parked show` has the outcome; mend the rule, then retry.',
  ],
  TARGET_REFUSED: ['park', 'The target store refuses this document for good. `sluice parked show` has its answer.'],
  FOREIGN_WRITER: ['park', 'Somebody else wrote this document at the target. Decide whose it is, then retry or drop.'],
  CONSTRAINT_VIOLATED: ['park', 'The target table refuses this row. `sluice parked show` names the constraint.'],
  KEY_UNDECODABLE: [
    'halt',
    'A record has a key that cannot be decoded, so its row is unknown. Mend the topic, or step over it by `sluice resume --skip`.',
  ],
  TRUNCATED: ['halt', 'A source table was truncated. Decide what the target is to hold; `sluice resume` goes on.'],
  COLUMN_LOST: [
    'halt',
    'A column that rules read is gone from a source table, or has another name. Put it back, release rules that do without it, or accept it by SLUICE_ABSENT_COLUMNS; then `sluice resume`.',
  ],
  PROGRESS_BELOW_LOG_START: ['halt', 'Kafka has deleted records this pipeline had not landed. Take a new snapshot.'],
  TOPIC_RECREATED: ['halt', 'A topic is shorter than the landed progress: it was re-created. Take a new snapshot.'],
  SLOT_LOST: ['halt', 'The replication slot is gone or was re-created: changes may be missing. Take a new snapshot.'],
  OFFSETS_MOVED: [
    'halt',
    "The connector's stored offsets were changed by hand: changes may be missing. `sluice recover` reads everything anew.",
  ],
  SOURCE_MOVED: [
    'halt',
    'The connector or the source is another than the one that was landed. Point it back, or read everything anew by `sluice recover`.',
  ],
  UNANNOUNCED_SNAPSHOT: [
    'halt',
    'An initial snapshot arrived inside an epoch that already streams. Raise the epoch by `sluice connectors apply --new-epoch`.',
  ],
  EPOCH_MISSING: ['halt', 'Records carry no epoch header. Apply the connector from connectors/.'],
  SERVER_GUARD_MISSING: [
    'halt',
    'The target server does not honour the write guard Sluice needs. For FHIR see docs/runbooks/fhir-guard.md.',
  ],
  SCHEMA_OUTDATED: ['halt', 'The ledger or a target schema is older than this release. Run `sluice schema apply`.'],
  TARGET_TABLE_MISSING: ['halt', 'A DynamoDB table does not exist. Run `sluice dos tables create`, then go on.'],
  UNAUTHORISED: ['halt', 'The credentials are refused. Check the configuration.'],
  BREAKER_OPEN: [
    'halt',
    'The same failure hit many keys. Nothing more is parked; mend the cause, then `sluice resume`.',
  ],
  BACKUP_DAMAGED: [
    'halt',
    'A backup is not what its manifest says. Nothing is written from it; restore another one, or export anew.',
  ],
  CONFIG_INVALID: ['halt', 'The configuration is wrong. The message names the setting.'],
  INTERNAL: ['halt', 'A fault of Sluice itself. Please report it with the log.'],
} as const satisfies Record<string, readonly [Disposition, string]>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The only error Sluice throws on purpose. `message` and `context` never hold a value of a row. */
export class SluiceError extends Error {
  readonly code: ErrorCode;
  readonly context: Readonly<Record<string, string | number | boolean>>;
  /** what a migration's rules had to say before they gave up */
  readonly notes: readonly Note[];

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      cause?: unknown;
      context?: Readonly<Record<string, string | number | boolean>>;
      notes?: readonly Note[];
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SluiceError';
    this.code = code;
    this.context = options.context ?? {};
    this.notes = options.notes ?? [];
  }

  get disposition(): Disposition {
    return ERROR_CODES[this.code][0];
  }

  /** what the reader can do about it */
  get advice(): string {
    return ERROR_CODES[this.code][1];
  }
}
