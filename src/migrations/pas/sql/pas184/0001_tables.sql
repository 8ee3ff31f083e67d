-- The 38 load tables of 18.4 as they follow V83 live. A cell is what a load file would have in it, dates DD/MM/YYYY, so
-- that both can be compared as they stand; record numbers, and the links by them, are numbers.
-- sluice_key is the business key a record number stands for. Columns: data/catalogue/target-columns.csv without phantoms.

create table load_staff (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, system_code text, external_system_id text, user_name text, first_name text,
  middle_name text, family_name text, job_id text, password text, psswd_life_months text, psswd_expiry_date text,
  language_id text, staff_id text, default_parts_entity text, default_tools_entity text, default_labour_entity text,
  employee_flag text, default_stock_entity text, staff_security_level text, phone_no text, extension_no text,
  default_login_entity text, eoasis_user text, allow_logon text, default_executable text, gp_national_code text,
  type_of_user text, login_from_date text, login_to_date text, practice_national_code text, email_address text,
  can_log_support_calls text, ask_review_warnings text, from_time text, to_time text, mon_allowed text,
  tue_allowed text, wed_allowed text, thu_allowed text, fri_allowed text, sat_allowed text, sun_allowed text
);
create index on load_staff (record_number);

create table load_users (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  default_team text, client_user text, record_number bigint, system_code text, external_system_id text,
  user_name text, first_name text, middle_name text, family_name text, job_id text, psswd_life_months text,
  psswd_expiry_date text, language_id text, staff_id text, default_parts_entity text, default_tools_entity text,
  default_labour_entity text, employee_flag text, default_stock_entity text, staff_security_level text,
  phone_no text, extension_no text, default_login_entity text, eoasis_user text, allow_logon text,
  default_executable text, gp_national_code text, type_of_user text, login_from_date text, login_to_date text,
  practice_national_code text, email_address text, can_log_support_calls text, ask_review_warnings text,
  from_time text, to_time text, mon_allowed text, tue_allowed text, wed_allowed text, thu_allowed text,
  fri_allowed text, sat_allowed text, sun_allowed text
);
create index on load_users (record_number);

create table load_sites (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, system_code text, external_system_id text, provider_prefix text, site_code text,
  site_description text, site_link_applies_start text, site_link_applies_end text, address_1 text, address_2 text,
  address_3 text, address_4 text, post_code text, phone_1 text, phone_2 text, email text, applies_start text,
  applies_end text
);
create index on load_sites (record_number);

create table load_pmi (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, system_code text, external_system_id text, main_crn_type text, main_crn text,
  date_registered text, nhs_number text, nhs_number_status text, sex text, title text, pat_name_1 text,
  pat_name_2 text, pat_name_3 text, pat_name_family text, maiden_name text, date_of_birth text, place_born text,
  entered_country text, nationality text, ethnic_group text, preferred_language text, religion_code text,
  marital_status text, occupation_code text, where_heard_of_service text, pat_address_1 text, pat_address_2 text,
  pat_address_3 text, pat_address_4 text, post_code text, telephone_no text, telephone_no_2 text,
  telephone_no_3 text, pat_email_address text, pat_lives_alone text, pat_permission_to_contact text,
  pat_permission_to_phone text, pat_address_from text, date_of_death text, where_died text, cause_of_death text,
  death_treatment_related text, death_hiv_related text, extra_info_1_type text, extra_info_1 text,
  extra_info_2_type text, extra_info_2 text, extra_info_3_type text, extra_info_3 text, extra_info_4_type text,
  extra_info_4 text, extra_info_5_type text, extra_info_5 text, extra_info_6_type text, extra_info_6 text,
  extra_info_7_type text, extra_info_7 text, extra_info_8_type text, extra_info_8 text, extra_info_9_type text,
  extra_info_9 text, extra_info_10_type text, extra_info_10 text, comments text, note_1_subject text,
  note_1_text text, note_2_subject text, note_2_text text, nok_relationship text, nok_title text, nok_name_1 text,
  nok_name_family text, nok_address_1 text, nok_address_2 text, nok_address_3 text, nok_address_4 text,
  nok_post_code text, nok_telephone_1 text, nok_telephone_2 text, nok_comments text, pat_permission_to_copy_gp text,
  gp_national_code text, practice_national_code text, practice_post_code text, practice_applies_from text,
  gdp_national_code text, gdp_practice_national_code text, gdp_practice_post_code text,
  gdp_practice_applies_from text
);
create index on load_pmi (record_number);

create table load_pmiids (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, loadpmi_record_number bigint, system_code text, external_system_id text, main_crn text,
  additional_id_type text, additional_id text, volume text
);
create index on load_pmiids (record_number);

create table load_pmialiases (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, loadpmi_record_number bigint, system_code text, external_system_id text, main_crn text,
  sex text, title text, pat_name_1 text, pat_name_2 text, pat_name_3 text, pat_name_family text
);
create index on load_pmialiases (record_number);

create table load_pmiaddrs (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  of_birth text, marital_code text, applies_start text, applies_end text, record_number bigint,
  loadpmi_record_number bigint, system_code text, external_system_id text, main_crnload_pmi text, address_type text,
  address_1 text, address_2 text, address_3 text, address_4 text, post_code text, country_code text, phone_1 text,
  phone_2 text, phone_3 text, date_of_birth text, main_crn_type text, main_crn text, address_5 text
);
create index on load_pmiaddrs (record_number);

create table load_pmicontacts (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, loadpmi_record_number bigint, system_code text, external_system_id text, main_crn text,
  contact_type text, relationship text, parental_responsibility text, title text, name_1 text, name_family text,
  address_1 text, address_2 text, address_3 text, address_4 text, post_code text, country_code text, phone_1 text,
  phone_2 text, phone_3 text, comments text, applies_start text, applies_end text
);
create index on load_pmicontacts (record_number);

create table load_pmiallergies (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, loadpmi_record_number bigint, system_code text, external_system_id text, main_crn text,
  allergy_code text, allergy_comment text, applies_start text, applies_end text
);
create index on load_pmiallergies (record_number);

create table load_pmistaffwarnings (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, loadpmi_record_number bigint, system_code text, external_system_id text, main_crn text,
  warning_code text, warning_comment text, applies_start text, applies_end text
);
create index on load_pmistaffwarnings (record_number);

create table load_pmigpaudit (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, loadpmi_record_number bigint, system_code text, external_system_id text, main_crn text,
  gp_national_code text, practice_national_code text
);
create index on load_pmigpaudit (record_number);

create table load_casenotelocs (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  practice_post_code text, applies_start text, applies_end text, record_number bigint, system_code text,
  external_system_id text, hospital_code text, site text, location_type text, user_code text, description text,
  active_flag text
);
create index on load_casenotelocs (record_number);

create table load_pmicasenotehistory (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  field text, record_number bigint, system_code text, external_system_id text, id_type text, id_number text,
  volume text, hospital_code text, site text, location_code text, start_date text, end_date text, short_note text,
  comment_1 text, comment_2 text
);
create index on load_pmicasenotehistory (record_number);

create table load_rtt_pathways (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, system_code text, external_system_id text, main_crn_type text, main_crn text,
  pathway_id text, ubrn text, pathway_start_date text, pathway_end_date text, description text,
  pathway_coded_desc_code text
);
create index on load_rtt_pathways (record_number);

create table load_referrals (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  pathway_end_event text, pathway_specialty text, pathway_status text, pathway_type text, record_number bigint,
  loadrttpwy_record_number bigint, system_code text, external_system_id text, main_crn_type text, main_crn text,
  patient_category text, first_seen text, override_wait_reset_date text, ref_new_followup_flag text, ref_date text,
  ref_received_date text, ref_source text, ref_gp_code text, ref_practice_code text, ref_practice_postcode text,
  ref_urgency text, ref_type text, ref_reason text, ref_specialty text, ref_team text, ref_consultant text,
  ref_outcome text, ref_discharge_date text, ged_date text, encounter_type text
);
create index on load_referrals (record_number);

create table load_rtt_periods (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, loadrttpwy_record_number bigint, loadref_record_number bigint, system_code text,
  external_system_id text, clock_start text, start_event_reason_code text, clock_stop text,
  stop_event_reason_code text, breach_reason_code text, breach_reason_text text, referral_as_start_encounter text
);
create index on load_rtt_periods (record_number);

create table load_rtt_events (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, loadrttprd_record_number bigint, system_code text, external_system_id text, event_date text,
  event_action_code text, event_reason_code text, rtt_status text, event_text text
);
create index on load_rtt_events (record_number);

create table load_opdwaitlist (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, loadref_record_number bigint, rttpwy_recno_out_encounter bigint,
  loadrttprd_record_number bigint, loadrttprd_action text, rttevent_recno_encounter bigint,
  rttevent_recno_outcome bigint, system_code text, external_system_id text, main_crn_type text, main_crn text,
  hospital_code text, site text, list_code text, list_name text, encounter_type text, specialty text,
  new_followup_flag text, short_notice_flag text, status text, target_date text, consultant text, outcome text,
  removed text, wl_comment text, ios_usercode text, transport_required text
);
create index on load_opdwaitlist (record_number);

create table load_opdwaitlistdef (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, loadowl_record_number bigint, system_code text, external_system_id text,
  deferral_start text, deferral_end text, deferral_reason text, deferral_comment text
);
create index on load_opdwaitlistdef (record_number);

create table load_opd_appointments (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, loadref_record_number bigint, loadowl_record_number bigint,
  rttpwy_recno_out_encounter bigint, loadrttprd_record_number bigint, loadrttprd_action text,
  rttevent_recno_encounter bigint, rttevent_recno_outcome bigint, system_code text, external_system_id text,
  main_crn_type text, main_crn text, new_followup_flag text, appt_team text, appt_date text, booked_date text,
  booking_type text, clinic_code_1 text, clinic_code_2 text, appt_type text, consultant_in_charge text,
  consultant_taking_appt text, transport_required text, walkin_flag text, time_arrived text, time_seen text,
  time_complete text, outcome text, cancelled_date text, appt_comment text, cab_ubrn text, cab_service text,
  cab_usrn text
);
create index on load_opd_appointments (record_number);

create table load_opd_coding (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, load_opd_record_number bigint, system_code text, external_system_id text,
  diagnosis_division text, note_type text, diagnosis text, diagnosis_note text
);
create index on load_opd_coding (record_number);

create table load_cmty_appointments (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  diagnosed_by text, diagnosis_date text, record_number bigint, loadowl_record_number bigint,
  loadrttpwy_record_number bigint, loadrttprd_record_number bigint, loadrttprd_action text, system_code text,
  external_system_id text, main_crn_type text, main_crn text, patient_category text, first_seen text,
  override_wait_reset_date text, ref_new_followup_flag text, ref_date text, ref_received_date text, ref_source text,
  ref_gp_code text, ref_practice_code text, ref_practice_postcode text, ref_urgency text, ref_type text,
  ref_reason text, ref_specialty text, ref_team text, ref_consultant text, ref_outcome text,
  ref_discharge_date text, ged_date text, booked_date text, booking_type text, clinic_code_1 text,
  clinic_code_2 text, appt_type text, consultant_code text, transport_required text, walkin_flag text,
  time_arrived text, time_seen text, time_complete text, outcome text, cancelled_date text, ref_comment text,
  appt_comment text
);
create index on load_cmty_appointments (record_number);

create table load_iwl_profiles (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, system_code text, external_system_id text, waitlist_profile text, description text,
  list_no text, consultant_code text, treatment_type text, admit_type text, max_wait_months text,
  avg_length_stay text, admit_duration_hours text, operation_duration_mins text
);
create index on load_iwl_profiles (record_number);

create table load_iwl (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, loadref_record_number bigint, rttpwy_recno_out_encounter bigint,
  loadrttprd_record_number bigint, loadrttprd_action text, rttevent_recno_encounter bigint,
  rttevent_recno_outcome bigint, system_code text, external_system_id text, main_crn_type text, main_crn text,
  waitlist_date text, urgency text, short_notice_flag text, status text, waitlist_type text, waitlist_profile text,
  site_code text, specialty text, consultant_code text, intended_management text, transport_required text,
  provisional_diagnosis text, provisional_procedure text, intended_procedure_code text,
  intended_procedure_code2 text, est_theatre_time text, admission_duration text, last_review_date text,
  last_review_response text, wl_outcome text, removed text, wl_entry_comment text
);
create index on load_iwl (record_number);

create table load_iwl_deferrals (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  admission_reason_comment text, operation_text text, record_number bigint, loadiwl_record_number bigint,
  system_code text, external_system_id text, deferral_start text, deferral_end text, deferral_reason text,
  deferral_comment text
);
create index on load_iwl_deferrals (record_number);

create table load_iwl_tcis (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  deferral_end text, deferral_reason text, deferral_comment text, record_number bigint,
  loadiwl_record_number bigint, system_code text, external_system_id text, status text, booking_type text,
  consultant_code text, offer_date text, agreed_date text, agreed_flag text, preassessment_date text, tci_date text,
  operation_date text, estimated_discharge_date text
);
create index on load_iwl_tcis (record_number);

create table load_adt_admissions (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  ward text, tci_outcome text, cancelled_date text, record_number bigint, loadiwl_record_number bigint,
  system_code text, external_system_id text, main_crn_type text, main_crn text, ref_gp_code text,
  ref_practice_code text, ref_practice_postcode text, intended_management text, wl_date text, admit_date text,
  estimated_discharge_date text, admit_from text, admitted_by text, discharge_date text, discharged_by text,
  ged_by_staff_id text, source_of_admission text, method_of_admission text, method_of_discharge text,
  destination_on_discharge text, admission_outcome text, admission_type text, physical_discharge_date text,
  admit_type text, consultant_code text, consultant_name text
);
create index on load_adt_admissions (record_number);

create table load_adt_episodes (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, adt_adm_record_number bigint, system_code text, external_system_id text,
  patient_category text, actual_management text, episode_start text, episode_end text, episode_order text,
  duration_of_episode text, age_at_start_of_episode text, specialty text, consultant_code text,
  consultant_name text
);
create index on load_adt_episodes (record_number);

create table load_adt_wardstays (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  specialty text, consultant_code text, start_date text, end_date text, record_number bigint,
  adt_eps_record_number bigint, system_code text, external_system_id text, team text, ward text, bed_sex text,
  bed_location text, is_home_stay text, is_awol text, leave_location_code text, transfer_reason text
);
create index on load_adt_wardstays (record_number);

create table load_adt_coding (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, adt_eps_record_number bigint, system_code text, external_system_id text,
  diagnosis_division text, note_type text, diagnosis text, diagnosis_scheme text, primary_diagnosis_code text,
  primary_diagnosis_desc text, diagnosis_1_code text, diagnosis_1_desc text, diagnosis_2_code text,
  diagnosis_2_desc text, procedure_scheme text, primary_procedure_code text, primary_procedure_desc text,
  procedure_1_code text, procedure_1_desc text, hrg text, comments text
);
create index on load_adt_coding (record_number);

create table load_mh_detention_master (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  diagnosis_note text, diagnosed_by text, diagnosis_date text, record_number bigint, adt_adm_record_number bigint,
  system_code text, external_system_id text, main_crn_type text, main_crn text
);
create index on load_mh_detention_master (record_number);

create table load_mh_detention_transfers (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  start_date text, end_date text, expiry_date text, record_number bigint, mh_dm_record_number bigint,
  system_code text, external_system_id text, main_crn_type text, main_crn text, institution text, legal_status text,
  mental_category text, caseholder text, section_review_date text, consent_reminder_date text,
  consent_due_date text
);
create index on load_mh_detention_transfers (record_number);

create table load_mh_cpa_master (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  record_number bigint, system_code text, external_system_id text, main_crn_type text, main_crn text, cpa_type text,
  key_worker_staff_id text, care_coordinator text, applies_start text
);
create index on load_mh_cpa_master (record_number);

create table load_mh_cpa_history (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  applies_end text, next_review_date text, record_number bigint, mh_cm_record_number bigint, system_code text,
  external_system_id text, main_crn_type text, main_crn text, cpa_type text
);
create index on load_mh_cpa_history (record_number);

create table load_opd_archive (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  key_worker_staff_id text, care_coordinator text, next_review_date text, review_date_changed_at text,
  encounter_type text, crn text, date_of_birth text, sex text, pat_name_1 text, pat_name_family text,
  address_1 text, address_2 text, address_3 text, address_4 text, address_5 text, post_code text, district text,
  pct_code text, contract_number text, purchaser_ref text, provider_code text, purchaser_code text, ref_source text,
  gp_registration_code text, gp_name text, gp_fundholder_code text, gp_practice_code text, practice_name text,
  referral_request_date text, referral_reason text, referring_consultant_gmc text, referring_consultant_name text,
  first_attendance text, referral_discharge_date text, clinic_name text, specialty text, consultant_team text,
  consultant_gmc text, consultant_name text, transport text, appointment_priority text, appointment_purpose text,
  appointment_status text, appointment_date text, appointment_time text, walkin_flag text, forced_booking_flag text,
  booked text, booking_type text, appointment_type text, time_arrived text, time_seen text, time_completed text,
  outcome text, cancelled_date text, cancelled_by text, cancellation_reason text, procedure_scheme text,
  primary_procedure_code text, primary_procedure_desc text, procedure_1_code text, procedure_1_desc text,
  procedure_2_code text, procedure_2_desc text, procedure_3_code text, procedure_3_desc text, procedure_4_code text,
  procedure_4_desc text, procedure_5_code text, procedure_5_desc text, procedure_6_code text, procedure_6_desc text,
  procedure_7_code text, procedure_7_desc text, procedure_8_code text, procedure_8_desc text, procedure_9_code text,
  procedure_9_desc text, procedure_10_code text
);

create table load_adt_archive (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  procedure_10_desc text, comments text, encounter_type text, crn text, date_of_birth text, sex text,
  pat_name_1 text, pat_name_family text, address_1 text, address_2 text, address_3 text, address_4 text,
  address_5 text, post_code text, district text, pct_code text, contract_number text, purchaser_ref text,
  provider_code text, purchaser_code text, waiting_list_name text, decided_to_admit_date text,
  inpatient_wait_days text, operation_date text, ref_source text, gp_registration_code text, gp_name text,
  gp_fundholder_code text, gp_practice_code text, practice_name text, patient_category text,
  intended_management text, admit_date text, est_discharge_date text, admitting_specialty text,
  admitting_consultant_gmc text, admitting_consultant_name text, discharge_method text, discharging_specialty text,
  admission_outcome text, episode_order text, age_at_start_of_episode text, episode_start text, episode_end text,
  duration_of_episode text, specialty text, consultant_gmc text, consultant_name text, ward_name text,
  diagnosis_scheme text, primary_diagnosis_code text, primary_diagnosis_desc text, diagnosis_1_code text,
  diagnosis text, diagnosis_2_code text, diagnosis_3_code text, diagnosis_4_code text, diagnosis_5_code text,
  diagnosis_6_code text, diagnosis_7_code text, diagnosis_8_code text, diagnosis_9_code text,
  diagnosis_10_code text, procedure_scheme text, primary_procedure_code text, primary_procedure_desc text,
  procedure_1_code text, procedure_1_desc text, procedure_2_code text, procedure_2_desc text, procedure_3_code text,
  procedure_3_desc text, procedure_4_code text, procedure_4_desc text, procedure_5_code text, procedure_5_desc text,
  procedure_6_code text, procedure_6_desc text, procedure_7_code text, procedure_7_desc text, procedure_8_code text,
  procedure_8_desc text, procedure_9_code text, procedure_9_desc text, procedure_10_code text, hrg text
);

create table load_detention_archive (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  crn text, date_of_birth text, sex text, pat_name_1 text, pat_name_family text, address_1 text, address_2 text,
  address_3 text, address_4 text, address_5 text, post_code text, detention_start text, detention_end text,
  detention_location text, caseholder text, mental_category text, legal_status text, detention_notes text
);

create table load_cpa_archive (
  sluice_key text primary key, sluice_feed text not null, sluice_source_key text not null, sluice_position text,
  crn text, date_of_birth text, sex text, pat_name_1 text, pat_name_family text, address_1 text, address_2 text,
  address_3 text, address_4 text, address_5 text, post_code text, cpa_start text, cpa_end text, cpa_type text,
  key_worker text, care_coordinator text, cpa_notes text
);


-- What was refused, for as long as it is refused: a value or a row that is put right at the source is gone from here.
create table rejects (
  sluice_key text primary key, problem text not null, disposition text not null, target_table text not null,
  target_field text not null, feed text not null, source_table text not null, source_field text not null,
  source_key text not null, value_class text not null, crosswalk text not null, event_position text
);
create index on rejects (target_table, problem);
