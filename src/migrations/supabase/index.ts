import type { Migration } from '../../core/index.ts';
import { actionPlansFlow } from './action-plans/flow.ts';
import { appointmentRequestsFlow } from './appointment-requests/flow.ts';
import { appointmentsFlow } from './appointments/flow.ts';
import { complianceTasksFlow } from './compliance-tasks/flow.ts';
import { DEFAULTS, type SupabaseConfig } from './config.ts';
import { labOrderEventsFlow } from './lab-order-events/flow.ts';
import { labOrdersFlow } from './lab-orders/flow.ts';
import { namedGroupFlow } from './named-group.ts';
import { Names } from './names.ts';
import { partnerCheckinsFlow } from './partner-checkins/flow.ts';
import { partnerLabelQueueFlow } from './partner-label-queue/flow.ts';
import { partnerPayoutsFlow } from './partner-payouts/flow.ts';
import { partnerStockLevelsFlow } from './partner-stock-levels/flow.ts';
import { partnerTemperatureLogsFlow } from './partner-temperature-logs/flow.ts';
import { storageLocationsFlow } from './partner-temperature-logs/storage-locations.ts';
import { patientsFlow } from './patients/flow.ts';
import { submissionsFlow } from './submissions/flow.ts';
import { TABLES } from './tables.ts';

export { ACTION_PLANS, COPY, type CopiedFile } from './action-plans/copied.ts';
export { BundleRenderer, type ChangeFacts } from './bundle.ts';
export { DEFAULTS, type SupabaseConfig } from './config.ts';
export { Names } from './names.ts';
export { ENTERED_COLUMNS, type EnteredReading, readEntered } from './partner-temperature-logs/entered.ts';
export { questionnaire } from './submissions/questionnaire.ts';

/** Stock levels are not among them: `sluice export stock-levels` tells what there is of each item, and not only what it is. */
const CLEANED = {
  submission: 'submissions',
  appointment: 'appointments',
  appointment_request: 'appointment_requests',
  lab_order: 'lab_orders',
  lab_order_event: 'lab_order_events',
  action_plan: 'action_plans',
  task: 'compliance_tasks',
  checkin: 'partner_checkins',
  label: 'partner_label_queue',
  payout: 'partner_payouts',
  temperature_reading: 'partner_temperature_logs',
};

/** The clinic's operational store, to the service schemas and FHIR R4. */
export function supabase(config: Partial<SupabaseConfig> = {}): Migration {
  const names = new Names({ ...DEFAULTS, ...config });
  return {
    name: 'supabase',
    tables: TABLES,
    flows: [
      patientsFlow(names),
      namedGroupFlow({
        flow: 'locations',
        link: 'location',
        table: 'public.appointments',
        column: 'location',
        target: 'scheduling.location',
        idOf: (normalised) => names.location(normalised),
      }),
      namedGroupFlow({
        flow: 'vendors',
        link: 'vendor',
        table: 'public.lab_orders',
        column: 'vendor',
        target: 'diagnostics.vendor',
        idOf: (normalised) => names.vendor(normalised),
        normalisedColumn: 'name_norm',
      }),
      submissionsFlow(names),
      appointmentsFlow(names),
      labOrdersFlow(names),
      labOrderEventsFlow(names),
      appointmentRequestsFlow(names),
      actionPlansFlow(names),
      complianceTasksFlow(names),
      partnerCheckinsFlow(names),
      partnerLabelQueueFlow(names),
      partnerStockLevelsFlow(names),
      partnerPayoutsFlow(names),
      storageLocationsFlow(names),
      partnerTemperatureLogsFlow(names),
    ],
    targetSchemas: ['intake', 'scheduling', 'diagnostics', 'careplan', 'compliance', 'partnerops', 'finance'],
    cleaned: CLEANED,
  };
}
