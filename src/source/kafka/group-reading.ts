import { type Admin, AssignerProtocol } from 'kafkajs';

/** The broker's own words for what a consumer group is at, in small letters. */
export const GROUP_STATES = ['stable', 'preparingrebalance', 'completingrebalance', 'empty', 'dead'] as const;

export interface GroupReading {
  /** one of GROUP_STATES; another word where a broker has a newer one */
  readonly state: string;
  readonly members: number;
  /** members without a partition; null while partitions are dealt out */
  readonly idle: number | null;
}

/** Asks the broker how a consumer group is. */
export async function readGroup(admin: Pick<Admin, 'describeGroups'>, groupId: string): Promise<GroupReading> {
  const found = (await admin.describeGroups([groupId])).groups[0];
  const state = (found?.state ?? 'Dead').toLowerCase();
  const members = found?.members ?? [];
  const idle = members.filter(({ memberAssignment }) => isIdle(memberAssignment)).length;
  return { state, members: members.length, idle: state === 'stable' ? idle : null };
}

function isIdle(assignment: Buffer): boolean {
  const dealt = assignment.length === 0 ? null : AssignerProtocol.MemberAssignment.decode(assignment)?.assignment;
  return Object.values(dealt ?? {}).every((partitions) => partitions.length === 0);
}
