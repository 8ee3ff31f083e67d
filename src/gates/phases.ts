/** The phases of a migration, in their order. */
export const PHASES = ['foundation', 'read-parity', 'write-strangler', 'full-cutover', 'decommission'] as const;
export type Phase = (typeof PHASES)[number];

/** What going from one phase to another is: on needs proof and a signature, back needs a reason, too far is refused. */
export type Move = 'on' | 'stay' | 'back' | 'too far';

/** Every move there is: by the phase a migration is in, then by the one it shall be in. */
export const MOVES: Readonly<Record<Phase, Readonly<Record<Phase, Move>>>> = {
  foundation: {
    foundation: 'stay',
    'read-parity': 'on',
    'write-strangler': 'too far',
    'full-cutover': 'too far',
    decommission: 'too far',
  },
  'read-parity': {
    foundation: 'back',
    'read-parity': 'stay',
    'write-strangler': 'on',
    'full-cutover': 'too far',
    decommission: 'too far',
  },
  'write-strangler': {
    foundation: 'back',
    'read-parity': 'back',
    'write-strangler': 'stay',
    'full-cutover': 'on',
    decommission: 'too far',
  },
  'full-cutover': {
    foundation: 'back',
    'read-parity': 'back',
    'write-strangler': 'back',
    'full-cutover': 'stay',
    decommission: 'on',
  },
  decommission: {
    foundation: 'back',
    'read-parity': 'back',
    'write-strangler': 'back',
    'full-cutover': 'back',
    decommission: 'stay',
  },
};

/** Evidence that a phase is left on is not older, in seconds. */
export const EVIDENCE_SECONDS = 24 * 3600;

interface Step {
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  /** the phase moved to, or asked for */
  readonly subject: string;
}

/** What was done to a migration's phase. */
export type PhaseStep = Step & { readonly kind: 'phase-request' | 'phase-approve' | 'phase-back' };

export interface PhaseState {
  readonly phase: Phase;
  /** when it was entered; null: it is where a migration begins */
  readonly since: string | null;
  readonly requested: { readonly to: Phase; readonly by: string; readonly at: string } | null;
  /** of the newest step; 0 where there is none */
  readonly seq: number;
}

export const isPhase = (name: string): name is Phase => (PHASES as readonly string[]).includes(name);

/** Where a migration is, from all that was done, oldest first. A step that the table does not allow moves nothing. */
export function phaseOf(steps: readonly PhaseStep[]): PhaseState {
  let state: PhaseState = { phase: 'foundation', since: null, requested: null, seq: 0 };
  for (const { kind, subject: to, at, actor, seq } of steps) {
    state = { ...state, seq };
    if (!isPhase(to)) continue;
    const move = MOVES[state.phase][to];
    if (kind === 'phase-request' && move === 'on') state = { ...state, requested: { to, by: actor, at } };
    if (kind === 'phase-back' && move === 'back') state = { phase: to, since: at, requested: null, seq };
    if (kind === 'phase-approve' && move === 'on' && state.requested?.to === to)
      state = { phase: to, since: at, requested: null, seq };
  }
  return state;
}

/** Two spellings of one name. Names are said, not proved: see docs/gates.md. */
export const isSamePerson = (one: string, other: string): boolean => folded(one) === folded(other);
const folded = (name: string): string => name.normalize('NFKC').trim().replaceAll(/\s+/g, ' ').toLowerCase();

/** What an approval rests on. */
export interface Approval {
  readonly approver: string;
  /** the signed judgement; null where there is none */
  readonly signed: {
    readonly signer: string;
    readonly profile: string;
    readonly verdict: 'PASS' | 'FAIL' | null;
    readonly at: string;
    /** of rules and code that judged */
    readonly binding: string;
  } | null;
  /** the judgement of now */
  readonly now: { readonly verdict: 'PASS' | 'FAIL'; readonly binding: string; readonly ms: number };
}

/** Why a migration may not move on now; null: it may. */
export function refusalOf({ phase, since, requested }: PhaseState, { approver, signed, now }: Approval): string | null {
  if (requested === null) return 'nobody has asked for it: `sluice phase request`';
  if (isSamePerson(approver, requested.by)) return `${requested.by} has asked for it: somebody else has to approve`;
  if (signed === null)
    return `no judgement of ${phase} is signed: \`sluice gates check ${phase}\`, then \`sluice gates sign-off\``;
  if (signed.profile !== phase) return `the signature is under ${signed.profile}, not under ${phase}`;
  if (isSamePerson(signed.signer, requested.by)) return `${requested.by} has asked for it: somebody else has to sign`;
  if (signed.verdict !== 'PASS') return 'the signed judgement is no PASS';
  const ageSeconds = (now.ms - Date.parse(signed.at)) / 1000;
  if (!(ageSeconds >= 0 && ageSeconds <= EVIDENCE_SECONDS))
    return `the signed judgement is older than ${EVIDENCE_SECONDS / 3600} hours: check and sign again`;
  if (since !== null && signed.at <= since)
    return `the signed judgement is of before ${phase} was entered: check and sign again`;
  if (signed.binding !== now.binding)
    return 'rules or code changed since the judgement was signed: check and sign again';
  if (now.verdict !== 'PASS') return `${phase} does not PASS now: \`sluice gates check ${phase}\` names the clauses`;
  return null;
}
