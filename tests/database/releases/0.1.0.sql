SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE FUNCTION public.create_raw_partition(month date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    SET lock_timeout TO '2s'
    AS $$
DECLARE
  first date := date_trunc('month', month)::date;
  next_first date := (date_trunc('month', month) + interval '1 month')::date;
  name text := 'ad_stats_raw_' || to_char(date_trunc('month', month), 'YYYY_MM');
BEGIN
  IF to_regclass(name) IS NOT NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE %I (LIKE ad_stats_raw INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', name);
  EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
  EXECUTE format(
    'CREATE POLICY tenant_isolation ON %I USING (seller_id = '
    '(SELECT nullif(current_setting(''app.seller_id'', true), '''')::uuid))', name);
  EXECUTE format('ALTER TABLE ad_stats_raw ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, first, next_first);
  RETURN true;
END
$$;
CREATE FUNCTION public.drop_raw_partition(month date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    SET lock_timeout TO '2s'
    AS $$
DECLARE
  next_first date := (date_trunc('month', month) + interval '1 month')::date;
  name text := 'ad_stats_raw_' || to_char(date_trunc('month', month), 'YYYY_MM');
BEGIN
  IF next_first > current_date - 35 THEN
    RAISE EXCEPTION 'the snapshots of % are too young to be dropped', to_char(month, 'YYYY-MM');
  END IF;
  IF to_regclass(name) IS NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('DROP TABLE %I', name);
  RETURN true;
END
$$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.ad_stats_daily (
    seller_id uuid NOT NULL,
    level smallint NOT NULL,
    stat_date date NOT NULL,
    entity_id uuid NOT NULL,
    account_id uuid NOT NULL,
    spend_micros bigint NOT NULL,
    impressions bigint NOT NULL,
    link_clicks bigint NOT NULL,
    content_views bigint NOT NULL,
    add_to_cart bigint NOT NULL,
    checkout_initiated bigint NOT NULL,
    purchases bigint NOT NULL,
    purchase_value_micros bigint NOT NULL,
    fetched_at timestamp with time zone NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE public.ad_stats_raw (
    seller_id uuid NOT NULL,
    level smallint NOT NULL,
    entity_id uuid NOT NULL,
    stat_date date NOT NULL,
    fetched_at timestamp with time zone NOT NULL,
    account_id uuid NOT NULL,
    spend_micros bigint NOT NULL,
    impressions bigint NOT NULL,
    link_clicks bigint NOT NULL,
    content_views bigint NOT NULL,
    add_to_cart bigint NOT NULL,
    checkout_initiated bigint NOT NULL,
    purchases bigint NOT NULL,
    purchase_value_micros bigint NOT NULL,
    reported_ratios jsonb,
    attribution_setting text
)
PARTITION BY RANGE (stat_date);
CREATE TABLE public.ad_stats_raw_2026_02 (
    seller_id uuid CONSTRAINT ad_stats_raw_seller_id_not_null NOT NULL,
    level smallint CONSTRAINT ad_stats_raw_level_not_null NOT NULL,
    entity_id uuid CONSTRAINT ad_stats_raw_entity_id_not_null NOT NULL,
    stat_date date CONSTRAINT ad_stats_raw_stat_date_not_null NOT NULL,
    fetched_at timestamp with time zone CONSTRAINT ad_stats_raw_fetched_at_not_null NOT NULL,
    account_id uuid CONSTRAINT ad_stats_raw_account_id_not_null NOT NULL,
    spend_micros bigint CONSTRAINT ad_stats_raw_spend_micros_not_null NOT NULL,
    impressions bigint CONSTRAINT ad_stats_raw_impressions_not_null NOT NULL,
    link_clicks bigint CONSTRAINT ad_stats_raw_link_clicks_not_null NOT NULL,
    content_views bigint CONSTRAINT ad_stats_raw_content_views_not_null NOT NULL,
    add_to_cart bigint CONSTRAINT ad_stats_raw_add_to_cart_not_null NOT NULL,
    checkout_initiated bigint CONSTRAINT ad_stats_raw_checkout_initiated_not_null NOT NULL,
    purchases bigint CONSTRAINT ad_stats_raw_purchases_not_null NOT NULL,
    purchase_value_micros bigint CONSTRAINT ad_stats_raw_purchase_value_micros_not_null NOT NULL,
    reported_ratios jsonb,
    attribution_setting text
);
CREATE TABLE public.ad_stats_raw_2026_03 (
    seller_id uuid CONSTRAINT ad_stats_raw_seller_id_not_null NOT NULL,
    level smallint CONSTRAINT ad_stats_raw_level_not_null NOT NULL,
    entity_id uuid CONSTRAINT ad_stats_raw_entity_id_not_null NOT NULL,
    stat_date date CONSTRAINT ad_stats_raw_stat_date_not_null NOT NULL,
    fetched_at timestamp with time zone CONSTRAINT ad_stats_raw_fetched_at_not_null NOT NULL,
    account_id uuid CONSTRAINT ad_stats_raw_account_id_not_null NOT NULL,
    spend_micros bigint CONSTRAINT ad_stats_raw_spend_micros_not_null NOT NULL,
    impressions bigint CONSTRAINT ad_stats_raw_impressions_not_null NOT NULL,
    link_clicks bigint CONSTRAINT ad_stats_raw_link_clicks_not_null NOT NULL,
    content_views bigint CONSTRAINT ad_stats_raw_content_views_not_null NOT NULL,
    add_to_cart bigint CONSTRAINT ad_stats_raw_add_to_cart_not_null NOT NULL,
    checkout_initiated bigint CONSTRAINT ad_stats_raw_checkout_initiated_not_null NOT NULL,
    purchases bigint CONSTRAINT ad_stats_raw_purchases_not_null NOT NULL,
    purchase_value_micros bigint CONSTRAINT ad_stats_raw_purchase_value_micros_not_null NOT NULL,
    reported_ratios jsonb,
    attribution_setting text
);
CREATE TABLE public.ad_strategies (
    seller_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    description text,
    is_active boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE public.ads (
    seller_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    status text NOT NULL,
    status_changed_at timestamp with time zone NOT NULL,
    delivery_status text NOT NULL,
    delivery_raw text,
    delivery_reason text,
    platform_created_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    archived_at timestamp with time zone,
    campaign_id uuid NOT NULL,
    adset_id uuid NOT NULL,
    CONSTRAINT ck_ads_delivery_status CHECK ((delivery_status = ANY (ARRAY['ACTIVE'::text, 'INACTIVE'::text, 'LEARNING'::text, 'LIMITED'::text, 'ERROR'::text, 'NOT_DELIVERING'::text, 'PENDING_REVIEW'::text, 'UNKNOWN'::text]))),
    CONSTRAINT ck_ads_status CHECK ((status = ANY (ARRAY['ACTIVE'::text, 'PAUSED'::text, 'ARCHIVED'::text, 'DELETED'::text])))
);
CREATE TABLE public.adsets (
    seller_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    status text NOT NULL,
    status_changed_at timestamp with time zone NOT NULL,
    delivery_status text NOT NULL,
    delivery_raw text,
    delivery_reason text,
    platform_created_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    archived_at timestamp with time zone,
    budget_micros bigint,
    budget_type text,
    starts_at timestamp with time zone,
    ends_at timestamp with time zone,
    campaign_id uuid NOT NULL,
    optimization_goal text,
    targeting jsonb NOT NULL,
    learning text,
    CONSTRAINT ck_adsets_budget_type CHECK ((budget_type = ANY (ARRAY['DAILY'::text, 'LIFETIME'::text]))),
    CONSTRAINT ck_adsets_delivery_status CHECK ((delivery_status = ANY (ARRAY['ACTIVE'::text, 'INACTIVE'::text, 'LEARNING'::text, 'LIMITED'::text, 'ERROR'::text, 'NOT_DELIVERING'::text, 'PENDING_REVIEW'::text, 'UNKNOWN'::text]))),
    CONSTRAINT ck_adsets_status CHECK ((status = ANY (ARRAY['ACTIVE'::text, 'PAUSED'::text, 'ARCHIVED'::text, 'DELETED'::text])))
);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.audit_events (
    seller_id uuid NOT NULL,
    id uuid NOT NULL,
    batch_id uuid NOT NULL,
    actor_id uuid,
    action text NOT NULL,
    subject_type text NOT NULL,
    subject_id uuid NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    platform_answer jsonb,
    correlation_id text,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.call_pauses (
    scope text NOT NULL,
    seller_id uuid,
    paused_until timestamp with time zone NOT NULL,
    reason text NOT NULL,
    error_code integer,
    noted_at timestamp with time zone NOT NULL
);
CREATE TABLE public.campaigns (
    seller_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    status text NOT NULL,
    status_changed_at timestamp with time zone NOT NULL,
    delivery_status text NOT NULL,
    delivery_raw text,
    delivery_reason text,
    platform_created_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    archived_at timestamp with time zone,
    budget_micros bigint,
    budget_type text,
    starts_at timestamp with time zone,
    ends_at timestamp with time zone,
    sellpage_id uuid,
    ad_strategy_id uuid,
    CONSTRAINT ck_campaigns_budget_type CHECK ((budget_type = ANY (ARRAY['DAILY'::text, 'LIFETIME'::text]))),
    CONSTRAINT ck_campaigns_delivery_status CHECK ((delivery_status = ANY (ARRAY['ACTIVE'::text, 'INACTIVE'::text, 'LEARNING'::text, 'LIMITED'::text, 'ERROR'::text, 'NOT_DELIVERING'::text, 'PENDING_REVIEW'::text, 'UNKNOWN'::text]))),
    CONSTRAINT ck_campaigns_status CHECK ((status = ANY (ARRAY['ACTIVE'::text, 'PAUSED'::text, 'ARCHIVED'::text, 'DELETED'::text])))
);
CREATE TABLE public.closed_days (
    seller_id uuid NOT NULL,
    account_id uuid NOT NULL,
    stat_date date NOT NULL,
    closed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.daily_aggregations (
    seller_id uuid NOT NULL,
    stat_date date NOT NULL,
    aggregated_at timestamp with time zone NOT NULL,
    connections integer NOT NULL,
    missing jsonb NOT NULL
);
CREATE TABLE public.fb_connections (
    seller_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    provider text NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    time_zone text NOT NULL,
    currency text NOT NULL,
    parent_id uuid,
    is_primary boolean NOT NULL,
    is_active boolean NOT NULL,
    standing text NOT NULL,
    health text NOT NULL,
    health_reason text,
    health_changed_at timestamp with time zone NOT NULL,
    token_key_id text,
    token_ciphertext bytea,
    token_changed_at timestamp with time zone,
    backfill_requested_at timestamp with time zone,
    structure_synced_at timestamp with time zone,
    delivery_synced_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    token_checked_at timestamp with time zone,
    token_expires_at timestamp with time zone,
    stats_synced_at timestamp with time zone,
    stats_stretched_at timestamp with time zone,
    token_scopes text[],
    health_class text,
    structure_job_id uuid,
    spent_on date,
    closed_through date,
    stats_stretch smallint NOT NULL,
    CONSTRAINT ck_fb_connections_health CHECK ((health = ANY (ARRAY['HEALTHY'::text, 'UNHEALTHY'::text]))),
    CONSTRAINT ck_fb_connections_health_class CHECK ((health_class = ANY (ARRAY['TOKEN'::text, 'PERMISSION'::text]))),
    CONSTRAINT ck_fb_connections_kind CHECK ((kind = ANY (ARRAY['AD_ACCOUNT'::text, 'PAGE'::text, 'PIXEL'::text, 'CONVERSION'::text]))),
    CONSTRAINT ck_fb_connections_provider CHECK ((provider = ANY (ARRAY['META'::text, 'MOCK'::text]))),
    CONSTRAINT ck_fb_connections_standing CHECK ((standing = ANY (ARRAY['ACTIVE'::text, 'GRACE_PERIOD'::text, 'BLOCKED'::text])))
);
CREATE TABLE public.idempotent_requests (
    seller_id uuid NOT NULL,
    operation text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    answer jsonb,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.job_totals (
    owner_id uuid NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    seller_id uuid,
    jobs bigint NOT NULL,
    rows_written bigint NOT NULL,
    milliseconds bigint NOT NULL,
    oldest_ended_at timestamp with time zone NOT NULL,
    newest_ended_at timestamp with time zone NOT NULL
);
CREATE TABLE public.jobs (
    id uuid NOT NULL,
    seller_id uuid,
    connection_id uuid,
    kind text NOT NULL,
    key text NOT NULL,
    exclusive_key text,
    unit jsonb NOT NULL,
    state text NOT NULL,
    priority smallint NOT NULL,
    attempt integer NOT NULL,
    tries integer NOT NULL,
    max_tries integer NOT NULL,
    losses integer NOT NULL,
    run_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    lease_until timestamp with time zone,
    claimed_by text,
    progress jsonb,
    error_class text,
    error_reason text,
    rows_written bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    waits_for uuid,
    use_case text,
    claimed_at timestamp with time zone,
    result jsonb,
    coalesces boolean NOT NULL,
    cancel_requested boolean NOT NULL,
    pause_scopes text[] NOT NULL,
    CONSTRAINT ck_jobs_state CHECK ((state = ANY (ARRAY['BLOCKED'::text, 'QUEUED'::text, 'RUNNING'::text, 'RETRYING'::text, 'PARKED'::text, 'SUCCEEDED'::text, 'FAILED'::text, 'CANCELLED'::text])))
)
WITH (fillfactor='70');
CREATE TABLE public.leaderboards (
    seller_id uuid NOT NULL,
    stat_date date NOT NULL,
    level smallint NOT NULL,
    metric text NOT NULL,
    currency text NOT NULL,
    entity_ids uuid[] NOT NULL,
    entities integer NOT NULL,
    is_final boolean NOT NULL,
    ranked_at timestamp with time zone NOT NULL
);
CREATE TABLE public.login_emails (
    email text NOT NULL,
    user_id uuid NOT NULL
);
CREATE TABLE public.memberships (
    seller_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_memberships_role CHECK ((role = ANY (ARRAY['OWNER'::text, 'ADMIN'::text, 'ANALYST'::text])))
);
CREATE TABLE public.mock_statuses (
    seller_id uuid NOT NULL,
    account_id uuid NOT NULL,
    external_id text NOT NULL,
    level text NOT NULL,
    status text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_mock_statuses_level CHECK ((level = ANY (ARRAY['CAMPAIGN'::text, 'ADSET'::text, 'AD'::text]))),
    CONSTRAINT ck_mock_statuses_status CHECK ((status = ANY (ARRAY['ACTIVE'::text, 'PAUSED'::text, 'ARCHIVED'::text, 'DELETED'::text])))
);
CREATE TABLE public.page_metrics (
    seller_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    metric text NOT NULL,
    state text NOT NULL,
    reason text,
    probed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_page_metrics_state CHECK ((state = ANY (ARRAY['ALIVE'::text, 'DEAD'::text])))
);
CREATE TABLE public.page_posts (
    seller_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    external_id text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    message text,
    permalink_url text,
    first_seen_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    metrics_read_at timestamp with time zone
);
CREATE TABLE public.page_stats_daily (
    seller_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    stat_date date NOT NULL,
    metric text NOT NULL,
    value bigint NOT NULL,
    fetched_at timestamp with time zone NOT NULL
);
CREATE TABLE public.post_stats_daily (
    seller_id uuid NOT NULL,
    post_id uuid NOT NULL,
    metric text NOT NULL,
    stat_date date NOT NULL,
    value bigint NOT NULL,
    fetched_at timestamp with time zone NOT NULL
);
CREATE TABLE public.refresh_tokens (
    seller_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    family_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    revoked_at timestamp with time zone
);
CREATE TABLE public.seller_stats_daily (
    seller_id uuid NOT NULL,
    stat_date date NOT NULL,
    currency text NOT NULL,
    spend_micros bigint NOT NULL,
    impressions bigint NOT NULL,
    link_clicks bigint NOT NULL,
    content_views bigint NOT NULL,
    add_to_cart bigint NOT NULL,
    checkout_initiated bigint NOT NULL,
    purchases bigint NOT NULL,
    purchase_value_micros bigint NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE public.sellers (
    id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    time_zone text NOT NULL,
    currency text NOT NULL,
    is_active boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE public.sellpage_stats_daily (
    seller_id uuid NOT NULL,
    stat_date date NOT NULL,
    sellpage_id uuid NOT NULL,
    ad_source text NOT NULL,
    currency text NOT NULL,
    spend_micros bigint NOT NULL,
    impressions bigint NOT NULL,
    link_clicks bigint NOT NULL,
    content_views bigint NOT NULL,
    add_to_cart bigint NOT NULL,
    checkout_initiated bigint NOT NULL,
    purchases bigint NOT NULL,
    purchase_value_micros bigint NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE public.sellpages (
    seller_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    url text NOT NULL,
    is_active boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE public.stale_days (
    seller_id uuid NOT NULL,
    stat_date date NOT NULL
);
CREATE TABLE public.stats_fetches (
    seller_id uuid NOT NULL,
    account_id uuid NOT NULL,
    level smallint NOT NULL,
    stat_date date NOT NULL,
    first_fetched_at timestamp with time zone NOT NULL,
    fetched_at timestamp with time zone NOT NULL,
    content_hash bytea
)
WITH (fillfactor='50');
CREATE TABLE public.sync_run_jobs (
    run_id uuid NOT NULL,
    job_id uuid NOT NULL,
    seller_id uuid
);
CREATE TABLE public.sync_runs (
    id uuid NOT NULL,
    seller_id uuid,
    origin text NOT NULL,
    state text NOT NULL,
    requested_by uuid,
    reason text NOT NULL,
    from_date date,
    to_date date,
    created_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    retry_of uuid,
    left_to_others uuid[],
    jobs_left_to_others integer,
    jobs_total integer,
    jobs_succeeded integer,
    jobs_failed integer,
    jobs_cancelled integer,
    rows_written bigint,
    jobs_live integer NOT NULL,
    cancel_requested boolean NOT NULL,
    CONSTRAINT ck_sync_runs_origin CHECK ((origin = ANY (ARRAY['MANUAL'::text, 'SCHEDULE'::text, 'BACKFILL'::text, 'SYSTEM'::text, 'CRON'::text]))),
    CONSTRAINT ck_sync_runs_state CHECK ((state = ANY (ARRAY['RUNNING'::text, 'SUCCEEDED'::text, 'PARTIAL'::text, 'FAILED'::text, 'CANCELLED'::text])))
);
CREATE TABLE public.ticks (
    name text NOT NULL,
    slot timestamp with time zone NOT NULL,
    taken_at timestamp with time zone NOT NULL
);
CREATE TABLE public.users (
    id uuid NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    is_superadmin boolean NOT NULL,
    is_active boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
ALTER TABLE ONLY public.ad_stats_raw ATTACH PARTITION public.ad_stats_raw_2026_02 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
ALTER TABLE ONLY public.ad_stats_raw ATTACH PARTITION public.ad_stats_raw_2026_03 FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
INSERT INTO public.ad_stats_daily VALUES
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '2026-02-24', '01a22bba-7f5f-712e-bf6a-94b494c54787', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 50000000, 10000, 90, 40, 0, 12, 4, 100000000, '2026-02-25 00:00:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '2026-03-01', '01a22bba-7f5f-712e-bf6a-94b494c54787', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 30100000, 2000, 30, 20, 0, 4, 0, 0, '2026-03-03 00:00:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '2026-03-02', '01a22bba-7f5f-712e-bf6a-94b494c54787', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 40062500, 6000, 70, 40, 20, 10, 2, 100125000, '2026-03-05 00:00:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '2026-03-04', '01a22bba-7f5f-712e-bf6a-94b494c54787', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 30062500, 5000, 60, 30, 15, 8, 2, 90062500, '2026-03-05 01:00:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '2026-03-08', '01a22bba-7f5f-712e-bf6a-94b494c54787', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 30000000, 5000, 50, 20, 10, 6, 1, 60125000, '2026-03-08 17:15:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '2026-03-09', '01a22bba-7f5f-712e-bf6a-94b494c54787', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 1005000, 100, 2, 1, 0, 0, 0, 0, '2026-03-08 17:20:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '2026-03-03', '01a22bba-7f60-759f-8a8b-f197eb1da2c3', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 50000000, 4000, 0, 0, 0, 0, 2, 99998000, '2026-03-04 02:00:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '2026-02-28', '01a22bba-7f64-7371-a1b9-c2026e4c24cf', '01a22bba-7f5f-712e-bf6a-94b055cfa2cd', 10000000, 1000, 10, 5, 0, 0, 0, 0, '2026-03-02 00:00:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '2026-03-07', '01a22bba-7f64-7371-a1b9-c2026e4c24cf', '01a22bba-7f5f-712e-bf6a-94b055cfa2cd', 8000000, 1000, 20, 10, 4, 2, 1, 16000000, '2026-03-08 08:30:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '2026-03-08', '01a22bba-7f64-7371-a1b9-c2026e4c24cf', '01a22bba-7f5f-712e-bf6a-94b055cfa2cd', 12000000, 1400, 22, 14, 6, 4, 1, 24001000, '2026-03-08 17:10:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '2026-02-26', '01a22bba-7f65-7723-9877-1d422011d687', '01a22bba-7f5f-712e-bf6a-94b27bc6f0f7', 1000000000, 2000, 20, 10, 2, 1, 0, 0, '2026-02-27 00:00:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '2026-03-05', '01a22bba-7f65-7723-9877-1d422011d687', '01a22bba-7f5f-712e-bf6a-94b27bc6f0f7', 1500500000, 1000, 30, 8, 3, 2, 1, 3001000000, '2026-03-05 12:00:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 2, '2026-03-02', '01a22bba-7f65-7723-9877-1d44630f4203', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 25000000, 4000, 40, 25, 12, 6, 1, 60000000, '2026-03-05 00:00:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 2, '2026-03-04', '01a22bba-7f65-7723-9877-1d44630f4203', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 30062500, 5000, 60, 30, 15, 8, 2, 90062500, '2026-03-05 01:00:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 2, '2026-03-02', '01a22bba-7f66-70b1-a207-734184a4a95c', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 15000000, 2000, 30, 15, 8, 4, 1, 40125000, '2026-03-05 00:00:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 2, '2026-03-08', '01a22bba-7f66-70b1-a207-734184a4a95c', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 30000000, 5000, 50, 20, 10, 6, 1, 60125000, '2026-03-08 17:15:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 3, '2026-03-02', '01a22bba-7f66-70b1-a207-7345dfb7914c', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 20000000, 3000, 30, 20, 10, 5, 1, 60000000, '2026-03-05 00:00:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 3, '2026-03-04', '01a22bba-7f66-70b1-a207-7345dfb7914c', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 30062500, 5000, 60, 30, 15, 8, 2, 90062500, '2026-03-05 01:00:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 3, '2026-03-02', '01a22bba-7f67-737d-b3e0-668195586c81', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 4005000, 800, 9, 4, 2, 1, 0, 0, '2026-03-05 00:00:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 3, '2026-03-02', '01a22bba-7f68-77e6-9527-c189a28c510b', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 15000000, 2000, 30, 15, 8, 4, 1, 40125000, '2026-03-05 00:00:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 3, '2026-03-08', '01a22bba-7f68-77e6-9527-c189a28c510b', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 30000000, 5000, 50, 20, 10, 6, 1, 60125000, '2026-03-08 17:15:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 0, '2026-03-02', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 40000000, 5990, 70, 40, 20, 10, 2, 100130000, '2026-03-05 00:00:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 0, '2026-03-03', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 50000000, 4000, 0, 0, 0, 0, 2, 99998000, '2026-03-05 00:00:00+00'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '2025-03-03', '01a22bba-7f5f-712e-bf6a-94b494c54787', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 25000000, 2000, 20, 10, 5, 4, 1, 40000000, '2025-03-04 00:00:00+00'),
	('01a22bba-7f87-7270-9a94-a4116fba7c68', 1, '2026-03-02', '01a22bba-7f88-742c-bedd-bee6590d185f', '01a22bba-7f88-742c-bedd-bee48c08eba5', 7777770000, 77777, 777, 777, 777, 777, 77, 77777770000, '2026-03-05 00:00:00+00'),
	('01a22bba-7f87-7270-9a94-a4116fba7c68', 1, '2026-03-08', '01a22bba-7f88-742c-bedd-bee6590d185f', '01a22bba-7f88-742c-bedd-bee48c08eba5', 7777770000, 77777, 777, 777, 777, 777, 77, 77777770000, '2026-03-08 17:15:00+00');
INSERT INTO public.ad_stats_raw_2026_02 VALUES
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f5f-712e-bf6a-94b494c54787', '2026-02-24', '2026-02-25 00:00:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 50000000, 10000, 90, 40, 0, 12, 4, 100000000, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f64-7371-a1b9-c2026e4c24cf', '2026-02-28', '2026-03-02 00:00:00+00', '01a22bba-7f5f-712e-bf6a-94b055cfa2cd', 10000000, 1000, 10, 5, 0, 0, 0, 0, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f65-7723-9877-1d422011d687', '2026-02-26', '2026-02-27 00:00:00+00', '01a22bba-7f5f-712e-bf6a-94b27bc6f0f7', 1000000000, 2000, 20, 10, 2, 1, 0, 0, NULL, NULL);
INSERT INTO public.ad_stats_raw_2026_03 VALUES
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f5f-712e-bf6a-94b494c54787', '2026-03-01', '2026-03-01 12:00:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 20000000, 1500, 20, 15, 0, 3, 0, 0, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f5f-712e-bf6a-94b494c54787', '2026-03-01', '2026-03-03 00:00:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 30100000, 2000, 30, 20, 0, 4, 0, 0, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f5f-712e-bf6a-94b494c54787', '2026-03-02', '2026-03-02 04:00:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 10000000, 1500, 15, 10, 4, 2, 0, 0, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f5f-712e-bf6a-94b494c54787', '2026-03-02', '2026-03-02 16:45:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 38000000, 5800, 68, 38, 19, 9, 1, 50000000, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f5f-712e-bf6a-94b494c54787', '2026-03-02', '2026-03-05 00:00:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 40062500, 6000, 70, 40, 20, 10, 2, 100125000, NULL, '7d_click'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f5f-712e-bf6a-94b494c54787', '2026-03-04', '2026-03-05 01:00:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 30062500, 5000, 60, 30, 15, 8, 2, 90062500, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f5f-712e-bf6a-94b494c54787', '2026-03-08', '2026-03-08 10:00:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 12000000, 2000, 20, 8, 4, 2, 0, 0, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f5f-712e-bf6a-94b494c54787', '2026-03-08', '2026-03-08 17:15:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 30000000, 5000, 50, 20, 10, 6, 1, 60125000, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f5f-712e-bf6a-94b494c54787', '2026-03-09', '2026-03-08 17:20:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 1005000, 100, 2, 1, 0, 0, 0, 0, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f60-759f-8a8b-f197eb1da2c3', '2026-03-03', '2026-03-04 02:00:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 50000000, 4000, 0, 0, 0, 0, 2, 99998000, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f64-7371-a1b9-c2026e4c24cf', '2026-03-07', '2026-03-07 20:00:00+00', '01a22bba-7f5f-712e-bf6a-94b055cfa2cd', 5000000, 600, 12, 6, 2, 1, 0, 0, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f64-7371-a1b9-c2026e4c24cf', '2026-03-07', '2026-03-08 07:59:00+00', '01a22bba-7f5f-712e-bf6a-94b055cfa2cd', 7000000, 900, 18, 9, 3, 1, 1, 16000000, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f64-7371-a1b9-c2026e4c24cf', '2026-03-07', '2026-03-08 08:30:00+00', '01a22bba-7f5f-712e-bf6a-94b055cfa2cd', 8000000, 1000, 20, 10, 4, 2, 1, 16000000, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f64-7371-a1b9-c2026e4c24cf', '2026-03-08', '2026-03-08 08:30:00+00', '01a22bba-7f5f-712e-bf6a-94b055cfa2cd', 1000000, 100, 2, 1, 0, 0, 0, 0, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f64-7371-a1b9-c2026e4c24cf', '2026-03-08', '2026-03-08 17:10:00+00', '01a22bba-7f5f-712e-bf6a-94b055cfa2cd', 12000000, 1400, 22, 14, 6, 4, 1, 24001000, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 1, '01a22bba-7f65-7723-9877-1d422011d687', '2026-03-05', '2026-03-05 12:00:00+00', '01a22bba-7f5f-712e-bf6a-94b27bc6f0f7', 1500500000, 1000, 30, 8, 3, 2, 1, 3001000000, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 2, '01a22bba-7f65-7723-9877-1d44630f4203', '2026-03-02', '2026-03-05 00:00:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 25000000, 4000, 40, 25, 12, 6, 1, 60000000, NULL, '7d_click'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 2, '01a22bba-7f65-7723-9877-1d44630f4203', '2026-03-04', '2026-03-05 01:00:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 30062500, 5000, 60, 30, 15, 8, 2, 90062500, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 2, '01a22bba-7f66-70b1-a207-734184a4a95c', '2026-03-02', '2026-03-05 00:00:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 15000000, 2000, 30, 15, 8, 4, 1, 40125000, NULL, '7d_click'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 2, '01a22bba-7f66-70b1-a207-734184a4a95c', '2026-03-08', '2026-03-08 17:15:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 30000000, 5000, 50, 20, 10, 6, 1, 60125000, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 3, '01a22bba-7f66-70b1-a207-7345dfb7914c', '2026-03-02', '2026-03-05 00:00:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 20000000, 3000, 30, 20, 10, 5, 1, 60000000, NULL, '7d_click'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 3, '01a22bba-7f66-70b1-a207-7345dfb7914c', '2026-03-04', '2026-03-05 01:00:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 30062500, 5000, 60, 30, 15, 8, 2, 90062500, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 3, '01a22bba-7f67-737d-b3e0-668195586c81', '2026-03-02', '2026-03-05 00:00:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 4005000, 800, 9, 4, 2, 1, 0, 0, NULL, '7d_click'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 3, '01a22bba-7f68-77e6-9527-c189a28c510b', '2026-03-02', '2026-03-05 00:00:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 15000000, 2000, 30, 15, 8, 4, 1, 40125000, NULL, '7d_click'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 3, '01a22bba-7f68-77e6-9527-c189a28c510b', '2026-03-08', '2026-03-08 17:15:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 30000000, 5000, 50, 20, 10, 6, 1, 60125000, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 0, '01a22bba-7f5c-77eb-8a88-d954324e9fc4', '2026-03-02', '2026-03-05 00:00:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 40000000, 5990, 70, 40, 20, 10, 2, 100130000, NULL, '7d_click'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 0, '01a22bba-7f5c-77eb-8a88-d954324e9fc4', '2026-03-03', '2026-03-05 00:00:00+00', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 50000000, 4000, 0, 0, 0, 0, 2, 99998000, NULL, '7d_click'),
	('01a22bba-7f87-7270-9a94-a4116fba7c68', 1, '01a22bba-7f88-742c-bedd-bee6590d185f', '2026-03-02', '2026-03-05 00:00:00+00', '01a22bba-7f88-742c-bedd-bee48c08eba5', 7777770000, 77777, 777, 777, 777, 777, 77, 77777770000, NULL, '7d_click'),
	('01a22bba-7f87-7270-9a94-a4116fba7c68', 1, '01a22bba-7f88-742c-bedd-bee6590d185f', '2026-03-08', '2026-03-08 17:15:00+00', '01a22bba-7f88-742c-bedd-bee48c08eba5', 7777770000, 77777, 777, 777, 777, 777, 77, 77777770000, NULL, NULL);
INSERT INTO public.ads VALUES
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f66-70b1-a207-7345dfb7914c', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 'x01a22bba-7f66-70b1-a207-7344947fe1fc', 'ad-1', 'ACTIVE', '2025-01-01 00:00:00+00', 'ACTIVE', NULL, NULL, NULL, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00', NULL, '01a22bba-7f5f-712e-bf6a-94b494c54787', '01a22bba-7f65-7723-9877-1d44630f4203'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f67-737d-b3e0-668195586c81', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 'x01a22bba-7f67-737d-b3e0-6680cc620c64', 'ad-2', 'ACTIVE', '2025-01-01 00:00:00+00', 'ACTIVE', NULL, NULL, NULL, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00', NULL, '01a22bba-7f5f-712e-bf6a-94b494c54787', '01a22bba-7f65-7723-9877-1d44630f4203'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f67-737d-b3e0-6683174b3c73', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 'x01a22bba-7f67-737d-b3e0-66822d208c93', 'ad-3', 'ACTIVE', '2025-01-01 00:00:00+00', 'ACTIVE', NULL, NULL, NULL, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00', NULL, '01a22bba-7f5f-712e-bf6a-94b494c54787', '01a22bba-7f66-70b1-a207-734184a4a95c'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f68-77e6-9527-c189a28c510b', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 'x01a22bba-7f68-77e6-9527-c18835c87a79', 'ad-4', 'ACTIVE', '2025-01-01 00:00:00+00', 'ACTIVE', NULL, NULL, NULL, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00', NULL, '01a22bba-7f5f-712e-bf6a-94b494c54787', '01a22bba-7f66-70b1-a207-734184a4a95c'),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f68-77e6-9527-c18be0d63528', '01a22bba-7f5f-712e-bf6a-94b055cfa2cd', 'x01a22bba-7f68-77e6-9527-c18a79a56f40', 'ad-5', 'ACTIVE', '2025-01-01 00:00:00+00', 'ACTIVE', NULL, NULL, NULL, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00', NULL, '01a22bba-7f64-7371-a1b9-c2026e4c24cf', '01a22bba-7f66-70b1-a207-7343aa03b6ee');
INSERT INTO public.adsets VALUES
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f65-7723-9877-1d44630f4203', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 'x01a22bba-7f65-7723-9877-1d43cad1f108', 'Alpha-one', 'ACTIVE', '2025-01-01 00:00:00+00', 'ACTIVE', NULL, NULL, NULL, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, '01a22bba-7f5f-712e-bf6a-94b494c54787', NULL, '{}', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f66-70b1-a207-734184a4a95c', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 'x01a22bba-7f66-70b1-a207-7340a7db33d0', 'Alpha-two', 'ACTIVE', '2025-01-01 00:00:00+00', 'ACTIVE', NULL, NULL, NULL, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, '01a22bba-7f5f-712e-bf6a-94b494c54787', NULL, '{}', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f66-70b1-a207-7343aa03b6ee', '01a22bba-7f5f-712e-bf6a-94b055cfa2cd', 'x01a22bba-7f66-70b1-a207-73426b6aee50', 'Coast-one', 'ACTIVE', '2025-01-01 00:00:00+00', 'ACTIVE', NULL, NULL, NULL, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, '01a22bba-7f64-7371-a1b9-c2026e4c24cf', NULL, '{}', NULL);
INSERT INTO public.alembic_version VALUES
	('0004');
INSERT INTO public.campaigns VALUES
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5f-712e-bf6a-94b494c54787', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 'x01a22bba-7f5f-712e-bf6a-94b3545854c0', 'Alpha', 'ACTIVE', '2025-01-01 00:00:00+00', 'ACTIVE', NULL, NULL, NULL, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00', NULL, 50000000, 'DAILY', NULL, NULL, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f60-759f-8a8b-f197eb1da2c3', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 'x01a22bba-7f60-759f-8a8b-f196b5578bf9', 'Beta', 'ARCHIVED', '2025-01-01 00:00:00+00', 'INACTIVE', NULL, NULL, NULL, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f64-7371-a1b9-c2026e4c24cf', '01a22bba-7f5f-712e-bf6a-94b055cfa2cd', 'x01a22bba-7f64-7371-a1b9-c201f9a70ff8', 'Coast', 'ACTIVE', '2025-01-01 00:00:00+00', 'ACTIVE', NULL, NULL, NULL, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00', NULL, 20000000, 'DAILY', NULL, NULL, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f64-7371-a1b9-c20486f42d72', '01a22bba-7f5f-712e-bf6a-94b055cfa2cd', 'x01a22bba-7f64-7371-a1b9-c2036843b2d2', 'Dune', 'PAUSED', '2025-01-01 00:00:00+00', 'ACTIVE', NULL, NULL, NULL, '2026-03-06 00:00:00+00', '2025-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f65-7723-9877-1d422011d687', '01a22bba-7f5f-712e-bf6a-94b27bc6f0f7', 'x01a22bba-7f65-7723-9877-1d41f540226c', 'Edo', 'ACTIVE', '2025-01-01 00:00:00+00', 'ACTIVE', NULL, NULL, NULL, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('01a22bba-7f87-7270-9a94-a4116fba7c68', '01a22bba-7f88-742c-bedd-bee6590d185f', '01a22bba-7f88-742c-bedd-bee48c08eba5', 'x01a22bba-7f88-742c-bedd-bee5a7d617c1', 'Alpha', 'ACTIVE', '2025-01-01 00:00:00+00', 'ACTIVE', NULL, NULL, NULL, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.fb_connections VALUES
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5f-712e-bf6a-94b055cfa2cd', 'AD_ACCOUNT', 'MOCK', 'act_01a22bba-7f5f-712e-bf6a-94afb70df8da', 'Angeles', 'America/Los_Angeles', 'USD', NULL, false, true, 'ACTIVE', 'HEALTHY', NULL, '2025-01-01 00:00:00+00', NULL, '\x6e6f7420746f206265207365656e', NULL, NULL, NULL, NULL, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5f-712e-bf6a-94b27bc6f0f7', 'AD_ACCOUNT', 'MOCK', 'act_01a22bba-7f5f-712e-bf6a-94b1f4236d8e', 'Tokyo', 'Asia/Tokyo', 'JPY', NULL, false, true, 'ACTIVE', 'HEALTHY', NULL, '2025-01-01 00:00:00+00', NULL, '\x6e6f7420746f206265207365656e', NULL, NULL, NULL, NULL, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1),
	('01a22bba-7f87-7270-9a94-a4116fba7c68', '01a22bba-7f88-742c-bedd-bee48c08eba5', 'AD_ACCOUNT', 'MOCK', 'act_01a22bba-7f88-742c-bedd-bee3a8277eb0', 'Account', 'Asia/Ho_Chi_Minh', 'USD', NULL, false, true, 'ACTIVE', 'HEALTHY', NULL, '2025-01-01 00:00:00+00', NULL, '\x6e6f7420746f206265207365656e', NULL, NULL, NULL, NULL, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 'AD_ACCOUNT', 'MOCK', 'act_01a22bba-7f5c-77eb-8a88-d9531c14552d', 'Hanoi', 'Asia/Ho_Chi_Minh', 'USD', NULL, false, true, 'ACTIVE', 'HEALTHY', NULL, '2025-01-01 00:00:00+00', 'release', '\x21bdbc021ecdcacb05ccefa33222b15f28a61bdc3f83c69f0b0b7cfd874a46db6df7105f478937b903a3d962ad2b', NULL, NULL, NULL, NULL, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO public.login_emails VALUES
	('owner@golden.example', '01a22bba-7f58-765a-b9a1-6329728d93ec');
INSERT INTO public.memberships VALUES
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f58-765a-b9a1-6329728d93ec', 'OWNER', '2025-01-01 00:00:00+00'),
	('01a22bba-7f87-7270-9a94-a4116fba7c68', '01a22bba-7f87-7270-9a94-a412b8e8f768', 'OWNER', '2025-01-01 00:00:00+00');
INSERT INTO public.sellers VALUES
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', 'golden', 'Golden', 'UTC', 'USD', true, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00'),
	('01a22bba-7f87-7270-9a94-a4116fba7c68', 'stranger', 'Stranger', 'UTC', 'USD', true, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00');
INSERT INTO public.stats_fetches VALUES
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 1, '2026-02-24', '2026-02-25 00:00:00+00', '2026-02-25 00:00:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 1, '2026-03-01', '2026-03-01 12:00:00+00', '2026-03-03 00:00:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 1, '2026-03-02', '2026-03-02 04:00:00+00', '2026-03-05 00:00:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 1, '2026-03-04', '2026-03-05 01:00:00+00', '2026-03-05 01:00:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 1, '2026-03-09', '2026-03-08 17:20:00+00', '2026-03-08 17:20:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 1, '2026-03-03', '2026-03-04 02:00:00+00', '2026-03-04 02:00:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5f-712e-bf6a-94b055cfa2cd', 1, '2026-02-28', '2026-03-02 00:00:00+00', '2026-03-02 00:00:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5f-712e-bf6a-94b055cfa2cd', 1, '2026-03-07', '2026-03-07 20:00:00+00', '2026-03-08 08:30:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5f-712e-bf6a-94b055cfa2cd', 1, '2026-03-08', '2026-03-08 08:30:00+00', '2026-03-08 17:10:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5f-712e-bf6a-94b27bc6f0f7', 1, '2026-02-26', '2026-02-27 00:00:00+00', '2026-02-27 00:00:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5f-712e-bf6a-94b27bc6f0f7', 1, '2026-03-05', '2026-03-05 12:00:00+00', '2026-03-05 12:00:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 2, '2026-03-04', '2026-03-05 01:00:00+00', '2026-03-05 01:00:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 2, '2026-03-02', '2026-03-05 00:00:00+00', '2026-03-05 00:00:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 2, '2026-03-08', '2026-03-08 17:15:00+00', '2026-03-08 17:15:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 3, '2026-03-04', '2026-03-05 01:00:00+00', '2026-03-05 01:00:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 3, '2026-03-02', '2026-03-05 00:00:00+00', '2026-03-05 00:00:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 3, '2026-03-08', '2026-03-08 17:15:00+00', '2026-03-08 17:15:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 0, '2026-03-02', '2026-03-05 00:00:00+00', '2026-03-05 00:00:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 0, '2026-03-03', '2026-03-05 00:00:00+00', '2026-03-05 00:00:00+00', NULL),
	('01a22bba-7f58-765a-b9a1-63283ca5a1ac', '01a22bba-7f5c-77eb-8a88-d954324e9fc4', 1, '2026-03-08', '2026-03-08 10:00:00+00', '2026-03-08 17:25:00+00', NULL),
	('01a22bba-7f87-7270-9a94-a4116fba7c68', '01a22bba-7f88-742c-bedd-bee48c08eba5', 1, '2026-03-02', '2026-03-05 00:00:00+00', '2026-03-05 00:00:00+00', NULL),
	('01a22bba-7f87-7270-9a94-a4116fba7c68', '01a22bba-7f88-742c-bedd-bee48c08eba5', 1, '2026-03-08', '2026-03-08 17:15:00+00', '2026-03-08 17:15:00+00', NULL);
INSERT INTO public.users VALUES
	('01a22bba-7f87-7270-9a94-a412b8e8f768', 'stranger owner', '-', false, true, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00'),
	('01a22bba-7f58-765a-b9a1-6329728d93ec', 'golden owner', '$argon2id$v=19$m=65536,t=3,p=4$fIsgeYUtM+XTF9tSsYKlaQ$aDQBoQnSs9dbpkltSsBtEoTPtnzdxIx4flOghmIhnog', false, true, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00');
ALTER TABLE ONLY public.ad_stats_raw
    ADD CONSTRAINT pk_ad_stats_raw PRIMARY KEY (seller_id, level, entity_id, stat_date, fetched_at);
ALTER TABLE ONLY public.ad_stats_raw_2026_02
    ADD CONSTRAINT ad_stats_raw_2026_02_pkey PRIMARY KEY (seller_id, level, entity_id, stat_date, fetched_at);
ALTER TABLE ONLY public.ad_stats_raw_2026_03
    ADD CONSTRAINT ad_stats_raw_2026_03_pkey PRIMARY KEY (seller_id, level, entity_id, stat_date, fetched_at);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.ad_stats_daily
    ADD CONSTRAINT pk_ad_stats_daily PRIMARY KEY (seller_id, level, stat_date, entity_id);
ALTER TABLE ONLY public.ad_strategies
    ADD CONSTRAINT pk_ad_strategies PRIMARY KEY (seller_id, id);
ALTER TABLE ONLY public.ads
    ADD CONSTRAINT pk_ads PRIMARY KEY (seller_id, id);
ALTER TABLE ONLY public.adsets
    ADD CONSTRAINT pk_adsets PRIMARY KEY (seller_id, id);
ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT pk_audit_events PRIMARY KEY (seller_id, id);
ALTER TABLE ONLY public.call_pauses
    ADD CONSTRAINT pk_call_pauses PRIMARY KEY (scope);
ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT pk_campaigns PRIMARY KEY (seller_id, id);
ALTER TABLE ONLY public.closed_days
    ADD CONSTRAINT pk_closed_days PRIMARY KEY (seller_id, account_id, stat_date);
ALTER TABLE ONLY public.daily_aggregations
    ADD CONSTRAINT pk_daily_aggregations PRIMARY KEY (seller_id, stat_date);
ALTER TABLE ONLY public.fb_connections
    ADD CONSTRAINT pk_fb_connections PRIMARY KEY (seller_id, id);
ALTER TABLE ONLY public.idempotent_requests
    ADD CONSTRAINT pk_idempotent_requests PRIMARY KEY (seller_id, operation, key);
ALTER TABLE ONLY public.job_totals
    ADD CONSTRAINT pk_job_totals PRIMARY KEY (owner_id, kind, state);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT pk_jobs PRIMARY KEY (id);
ALTER TABLE ONLY public.leaderboards
    ADD CONSTRAINT pk_leaderboards PRIMARY KEY (seller_id, stat_date, level, metric, currency);
ALTER TABLE ONLY public.login_emails
    ADD CONSTRAINT pk_login_emails PRIMARY KEY (email);
ALTER TABLE ONLY public.memberships
    ADD CONSTRAINT pk_memberships PRIMARY KEY (seller_id, user_id);
ALTER TABLE ONLY public.mock_statuses
    ADD CONSTRAINT pk_mock_statuses PRIMARY KEY (seller_id, account_id, external_id);
ALTER TABLE ONLY public.page_metrics
    ADD CONSTRAINT pk_page_metrics PRIMARY KEY (seller_id, connection_id, metric);
ALTER TABLE ONLY public.page_posts
    ADD CONSTRAINT pk_page_posts PRIMARY KEY (seller_id, id);
ALTER TABLE ONLY public.page_stats_daily
    ADD CONSTRAINT pk_page_stats_daily PRIMARY KEY (seller_id, connection_id, stat_date, metric);
ALTER TABLE ONLY public.post_stats_daily
    ADD CONSTRAINT pk_post_stats_daily PRIMARY KEY (seller_id, post_id, metric, stat_date);
ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT pk_refresh_tokens PRIMARY KEY (seller_id, id);
ALTER TABLE ONLY public.seller_stats_daily
    ADD CONSTRAINT pk_seller_stats_daily PRIMARY KEY (seller_id, stat_date, currency);
ALTER TABLE ONLY public.sellers
    ADD CONSTRAINT pk_sellers PRIMARY KEY (id);
ALTER TABLE ONLY public.sellpage_stats_daily
    ADD CONSTRAINT pk_sellpage_stats_daily PRIMARY KEY (seller_id, stat_date, sellpage_id, ad_source, currency);
ALTER TABLE ONLY public.sellpages
    ADD CONSTRAINT pk_sellpages PRIMARY KEY (seller_id, id);
ALTER TABLE ONLY public.stale_days
    ADD CONSTRAINT pk_stale_days PRIMARY KEY (seller_id, stat_date);
ALTER TABLE ONLY public.stats_fetches
    ADD CONSTRAINT pk_stats_fetches PRIMARY KEY (seller_id, account_id, level, stat_date);
ALTER TABLE ONLY public.sync_run_jobs
    ADD CONSTRAINT pk_sync_run_jobs PRIMARY KEY (run_id, job_id);
ALTER TABLE ONLY public.sync_runs
    ADD CONSTRAINT pk_sync_runs PRIMARY KEY (id);
ALTER TABLE ONLY public.ticks
    ADD CONSTRAINT pk_ticks PRIMARY KEY (name, slot);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT pk_users PRIMARY KEY (id);
ALTER TABLE ONLY public.ad_strategies
    ADD CONSTRAINT uq_ad_strategies_seller_id_name UNIQUE (seller_id, name);
ALTER TABLE ONLY public.ads
    ADD CONSTRAINT uq_ads_seller_id_external_id UNIQUE (seller_id, external_id);
ALTER TABLE ONLY public.adsets
    ADD CONSTRAINT uq_adsets_seller_id_external_id UNIQUE (seller_id, external_id);
ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT uq_campaigns_seller_id_external_id UNIQUE (seller_id, external_id);
ALTER TABLE ONLY public.fb_connections
    ADD CONSTRAINT uq_fb_connections_seller_id_kind_external_id UNIQUE (seller_id, kind, external_id);
ALTER TABLE ONLY public.page_posts
    ADD CONSTRAINT uq_page_posts_seller_id_connection_id_external_id UNIQUE (seller_id, connection_id, external_id);
ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT uq_refresh_tokens_seller_id_token_hash UNIQUE (seller_id, token_hash);
ALTER TABLE ONLY public.sellers
    ADD CONSTRAINT uq_sellers_slug UNIQUE (slug);
ALTER TABLE ONLY public.sellpages
    ADD CONSTRAINT uq_sellpages_seller_id_url UNIQUE (seller_id, url);
CREATE INDEX ix_ad_stats_daily_entity ON public.ad_stats_daily USING btree (seller_id, level, entity_id, stat_date);
CREATE INDEX ix_ads_seller_id_account_id_id ON public.ads USING btree (seller_id, account_id, id);
CREATE INDEX ix_ads_seller_id_adset_id_id ON public.ads USING btree (seller_id, adset_id, id);
CREATE INDEX ix_ads_seller_id_campaign_id_id ON public.ads USING btree (seller_id, campaign_id, id);
CREATE INDEX ix_adsets_seller_id_account_id_id ON public.adsets USING btree (seller_id, account_id, id);
CREATE INDEX ix_adsets_seller_id_campaign_id_id ON public.adsets USING btree (seller_id, campaign_id, id);
CREATE INDEX ix_audit_events_seller_id_batch_id ON public.audit_events USING btree (seller_id, batch_id);
CREATE INDEX ix_audit_events_seller_id_created_at ON public.audit_events USING btree (seller_id, created_at);
CREATE INDEX ix_audit_events_seller_id_subject_id_id ON public.audit_events USING btree (seller_id, subject_id, id);
CREATE INDEX ix_campaigns_seller_id_account_id_id ON public.campaigns USING btree (seller_id, account_id, id);
CREATE INDEX ix_campaigns_seller_id_sellpage_id_id ON public.campaigns USING btree (seller_id, sellpage_id, id);
CREATE INDEX ix_fb_connections_seller_id_parent_id ON public.fb_connections USING btree (seller_id, parent_id);
CREATE INDEX ix_jobs_connection ON public.jobs USING btree (connection_id) WHERE (state = ANY (ARRAY['QUEUED'::text, 'RETRYING'::text, 'PARKED'::text]));
CREATE INDEX ix_jobs_due ON public.jobs USING btree (priority, seller_id, run_at, id) WHERE (state = ANY (ARRAY['QUEUED'::text, 'RETRYING'::text, 'PARKED'::text]));
CREATE INDEX ix_jobs_ended ON public.jobs USING btree (seller_id, kind, ended_at) WHERE (state <> ALL (ARRAY['BLOCKED'::text, 'QUEUED'::text, 'RUNNING'::text, 'RETRYING'::text, 'PARKED'::text]));
CREATE INDEX ix_jobs_exclusive ON public.jobs USING btree (exclusive_key) WHERE (state = ANY (ARRAY['QUEUED'::text, 'RETRYING'::text, 'PARKED'::text]));
CREATE INDEX ix_jobs_lease ON public.jobs USING btree (lease_until) WHERE (state = 'RUNNING'::text);
CREATE INDEX ix_jobs_seller ON public.jobs USING btree (seller_id, kind, id);
CREATE INDEX ix_jobs_waits_for ON public.jobs USING btree (waits_for) WHERE (state = 'BLOCKED'::text);
CREATE INDEX ix_memberships_user_id ON public.memberships USING btree (user_id);
CREATE INDEX ix_page_posts_seller_id_connection_id_created_at ON public.page_posts USING btree (seller_id, connection_id, created_at);
CREATE INDEX ix_refresh_tokens_seller_id_family_id ON public.refresh_tokens USING btree (seller_id, family_id);
CREATE INDEX ix_sync_run_jobs_job_id ON public.sync_run_jobs USING btree (job_id);
CREATE INDEX ix_sync_runs_live ON public.sync_runs USING btree (created_at) WHERE (state = 'RUNNING'::text);
CREATE INDEX ix_sync_runs_seller ON public.sync_runs USING btree (seller_id, id);
CREATE UNIQUE INDEX uq_jobs_live_key ON public.jobs USING btree (key) WHERE ((state = ANY (ARRAY['BLOCKED'::text, 'QUEUED'::text, 'RUNNING'::text, 'RETRYING'::text, 'PARKED'::text])) AND (NOT (coalesces AND (state = 'RUNNING'::text))));
CREATE UNIQUE INDEX uq_jobs_running_exclusive_key ON public.jobs USING btree (exclusive_key) WHERE (state = 'RUNNING'::text);
ALTER INDEX public.pk_ad_stats_raw ATTACH PARTITION public.ad_stats_raw_2026_02_pkey;
ALTER INDEX public.pk_ad_stats_raw ATTACH PARTITION public.ad_stats_raw_2026_03_pkey;
ALTER TABLE ONLY public.ads
    ADD CONSTRAINT fk_ads_seller_id_account_id FOREIGN KEY (seller_id, account_id) REFERENCES public.fb_connections(seller_id, id);
ALTER TABLE ONLY public.ads
    ADD CONSTRAINT fk_ads_seller_id_adset_id FOREIGN KEY (seller_id, adset_id) REFERENCES public.adsets(seller_id, id);
ALTER TABLE ONLY public.ads
    ADD CONSTRAINT fk_ads_seller_id_campaign_id FOREIGN KEY (seller_id, campaign_id) REFERENCES public.campaigns(seller_id, id);
ALTER TABLE ONLY public.adsets
    ADD CONSTRAINT fk_adsets_seller_id_account_id FOREIGN KEY (seller_id, account_id) REFERENCES public.fb_connections(seller_id, id);
ALTER TABLE ONLY public.adsets
    ADD CONSTRAINT fk_adsets_seller_id_campaign_id FOREIGN KEY (seller_id, campaign_id) REFERENCES public.campaigns(seller_id, id);
ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT fk_campaigns_seller_id_account_id FOREIGN KEY (seller_id, account_id) REFERENCES public.fb_connections(seller_id, id);
ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT fk_campaigns_seller_id_ad_strategy_id FOREIGN KEY (seller_id, ad_strategy_id) REFERENCES public.ad_strategies(seller_id, id);
ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT fk_campaigns_seller_id_sellpage_id FOREIGN KEY (seller_id, sellpage_id) REFERENCES public.sellpages(seller_id, id);
ALTER TABLE ONLY public.fb_connections
    ADD CONSTRAINT fk_fb_connections_seller_id_parent_id FOREIGN KEY (seller_id, parent_id) REFERENCES public.fb_connections(seller_id, id);
ALTER TABLE ONLY public.login_emails
    ADD CONSTRAINT fk_login_emails_user_id FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.memberships
    ADD CONSTRAINT fk_memberships_user_id FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.mock_statuses
    ADD CONSTRAINT fk_mock_statuses_seller_id_account_id FOREIGN KEY (seller_id, account_id) REFERENCES public.fb_connections(seller_id, id);
ALTER TABLE ONLY public.page_metrics
    ADD CONSTRAINT fk_page_metrics_seller_id_connection_id FOREIGN KEY (seller_id, connection_id) REFERENCES public.fb_connections(seller_id, id);
ALTER TABLE ONLY public.page_posts
    ADD CONSTRAINT fk_page_posts_seller_id_connection_id FOREIGN KEY (seller_id, connection_id) REFERENCES public.fb_connections(seller_id, id);
ALTER TABLE ONLY public.post_stats_daily
    ADD CONSTRAINT fk_post_stats_daily_seller_id_post_id FOREIGN KEY (seller_id, post_id) REFERENCES public.page_posts(seller_id, id);
ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT fk_refresh_tokens_user_id FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.sync_run_jobs
    ADD CONSTRAINT fk_sync_run_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs(id);
ALTER TABLE ONLY public.sync_run_jobs
    ADD CONSTRAINT fk_sync_run_jobs_run_id FOREIGN KEY (run_id) REFERENCES public.sync_runs(id);
ALTER TABLE public.ad_stats_daily ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.ad_stats_raw ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.ad_stats_raw_2026_02 ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.ad_stats_raw_2026_03 ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.ad_strategies ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.ads ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.adsets ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.audit_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.call_pauses ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.campaigns ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.closed_days ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.daily_aggregations ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.fb_connections ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.idempotent_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.job_totals ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.leaderboards ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.login_emails ENABLE ROW LEVEL SECURITY;
CREATE POLICY login_isolation ON public.login_emails USING ((email = ( SELECT current_setting('app.login_email'::text, true) AS current_setting)));
ALTER TABLE public.memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.mock_statuses ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.page_metrics ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.page_posts ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.page_stats_daily ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.post_stats_daily ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.refresh_tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY seller_isolation ON public.sellers USING ((id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.seller_stats_daily ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.sellers ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.sellpage_stats_daily ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.sellpages ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.stale_days ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.stats_fetches ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.sync_run_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.sync_runs ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_reads ON public.fb_connections FOR SELECT TO pixecom_system USING (true);
CREATE POLICY system_reads ON public.memberships FOR SELECT TO pixecom_system USING (true);
CREATE POLICY system_reads ON public.sellers FOR SELECT TO pixecom_system USING (true);
CREATE POLICY tenant_isolation ON public.ad_stats_daily USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.ad_stats_raw USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.ad_stats_raw_2026_02 USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.ad_stats_raw_2026_03 USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.ad_strategies USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.ads USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.adsets USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.audit_events USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.campaigns USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.closed_days USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.daily_aggregations USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.fb_connections USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.idempotent_requests USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.leaderboards USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.memberships USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.mock_statuses USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.page_metrics USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.page_posts USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.page_stats_daily USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.post_stats_daily USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.refresh_tokens USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.seller_stats_daily USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.sellpage_stats_daily USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.sellpages USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.stale_days USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY tenant_isolation ON public.stats_fetches USING ((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY user_isolation ON public.users USING ((id = ( SELECT (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.users ENABLE ROW LEVEL SECURITY;
CREATE POLICY work_isolation ON public.call_pauses USING (((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('app.scope'::text, true) AS current_setting) = 'work'::text)));
CREATE POLICY work_isolation ON public.job_totals USING (((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('app.scope'::text, true) AS current_setting) = 'work'::text)));
CREATE POLICY work_isolation ON public.jobs USING (((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('app.scope'::text, true) AS current_setting) = 'work'::text)));
CREATE POLICY work_isolation ON public.sync_run_jobs USING (((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('app.scope'::text, true) AS current_setting) = 'work'::text)));
CREATE POLICY work_isolation ON public.sync_runs USING (((seller_id = ( SELECT (NULLIF(current_setting('app.seller_id'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('app.scope'::text, true) AS current_setting) = 'work'::text)));
GRANT USAGE ON SCHEMA public TO pixecom_app;
GRANT USAGE ON SCHEMA public TO pixecom_system;
REVOKE ALL ON FUNCTION public.create_raw_partition(month date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.create_raw_partition(month date) TO pixecom_app;
REVOKE ALL ON FUNCTION public.drop_raw_partition(month date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.drop_raw_partition(month date) TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.ad_stats_daily TO pixecom_app;
GRANT SELECT,INSERT ON TABLE public.ad_stats_raw TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.ad_strategies TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.ads TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.adsets TO pixecom_app;
GRANT SELECT,INSERT ON TABLE public.audit_events TO pixecom_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.call_pauses TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.campaigns TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.closed_days TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.daily_aggregations TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.fb_connections TO pixecom_app;
GRANT SELECT(seller_id) ON TABLE public.fb_connections TO pixecom_system;
GRANT SELECT(id) ON TABLE public.fb_connections TO pixecom_system;
GRANT SELECT(kind) ON TABLE public.fb_connections TO pixecom_system;
GRANT SELECT(provider) ON TABLE public.fb_connections TO pixecom_system;
GRANT SELECT(external_id) ON TABLE public.fb_connections TO pixecom_system;
GRANT SELECT(time_zone) ON TABLE public.fb_connections TO pixecom_system;
GRANT SELECT(is_active) ON TABLE public.fb_connections TO pixecom_system;
GRANT SELECT(health) ON TABLE public.fb_connections TO pixecom_system;
GRANT SELECT(backfill_requested_at) ON TABLE public.fb_connections TO pixecom_system;
GRANT SELECT(structure_synced_at) ON TABLE public.fb_connections TO pixecom_system;
GRANT SELECT(delivery_synced_at) ON TABLE public.fb_connections TO pixecom_system;
GRANT SELECT(created_at) ON TABLE public.fb_connections TO pixecom_system;
GRANT SELECT(stats_synced_at) ON TABLE public.fb_connections TO pixecom_system;
GRANT SELECT(spent_on) ON TABLE public.fb_connections TO pixecom_system;
GRANT SELECT(closed_through) ON TABLE public.fb_connections TO pixecom_system;
GRANT SELECT(stats_stretch) ON TABLE public.fb_connections TO pixecom_system;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.idempotent_requests TO pixecom_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.job_totals TO pixecom_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.jobs TO pixecom_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.leaderboards TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.login_emails TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.memberships TO pixecom_app;
GRANT SELECT(seller_id) ON TABLE public.memberships TO pixecom_system;
GRANT SELECT(user_id) ON TABLE public.memberships TO pixecom_system;
GRANT SELECT(role) ON TABLE public.memberships TO pixecom_system;
GRANT SELECT(created_at) ON TABLE public.memberships TO pixecom_system;
GRANT SELECT,INSERT,UPDATE ON TABLE public.mock_statuses TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.page_metrics TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.page_posts TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.page_stats_daily TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.post_stats_daily TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.refresh_tokens TO pixecom_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.seller_stats_daily TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.sellers TO pixecom_app;
GRANT SELECT(id) ON TABLE public.sellers TO pixecom_system;
GRANT SELECT(slug) ON TABLE public.sellers TO pixecom_system;
GRANT SELECT(name) ON TABLE public.sellers TO pixecom_system;
GRANT SELECT(time_zone) ON TABLE public.sellers TO pixecom_system;
GRANT SELECT(currency) ON TABLE public.sellers TO pixecom_system;
GRANT SELECT(is_active) ON TABLE public.sellers TO pixecom_system;
GRANT SELECT(created_at) ON TABLE public.sellers TO pixecom_system;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sellpage_stats_daily TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.sellpages TO pixecom_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.stale_days TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.stats_fetches TO pixecom_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sync_run_jobs TO pixecom_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sync_runs TO pixecom_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ticks TO pixecom_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.users TO pixecom_app;
