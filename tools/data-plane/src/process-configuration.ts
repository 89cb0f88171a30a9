import type { RouterFlavor } from '@koko/model';
import type { VersionTraits } from './version-traits.ts';

type Settings = Readonly<Record<string, unknown>>;

/** What the settings of a data plane depend on. */
export interface ProcessConfigurationOptions {
  readonly traits: VersionTraits;
  readonly plugins: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `host:port`. */
  readonly controlPlane: string;
  readonly mtls: 'shared' | 'pki';
  readonly routerFlavor: RouterFlavor;
}

/**
 * The settings that a data plane from 3.4 on reports as `process_conf`: all of Kong's configuration with secrets
 * masked. Names and kinds of value are those of 3.4, 3.9 and 3.10; other versions use the nearest older list.
 */
export function processConfiguration(options: ProcessConfigurationOptions): Settings {
  const { traits, plugins, labels, controlPlane, mtls, routerFlavor } = options;
  const labelList = Object.entries(labels).map(([key, value]) => `${key}:${value}`);
  return {
    ...COMMON,
    ...settingsSince(traits),
    cluster_control_plane: controlPlane,
    cluster_dp_labels: labelList.length === 0 ? {} : labelList, // Lua writes an empty table as an object
    cluster_mtls: mtls,
    router_flavor: routerFlavor,
    cluster_listeners: [listener('0.0.0.0', 8005)],
    proxy_listeners: [listener('127.0.0.1', 8000)],
    status_listeners: [listener('127.0.0.1', 8007)],
    enabled_headers: enabledHeaders(traits),
    loaded_plugins: Object.fromEntries(plugins.map((name) => [name, true])),
  };
}

function settingsSince({ major, minor }: VersionTraits): Settings {
  if (minor < 9) return ONLY_BEFORE_3_9;
  const since = minor >= 10 ? SINCE_3_10 : ONLY_3_9;
  return { ...SINCE_3_9, ...since, lmdb_validation_tag: `${major}.${minor}` };
}

const enabledHeaders = ({ minor }: VersionTraits): Settings => ({
  server_tokens: true,
  latency_tokens: true,
  Via: true,
  Server: true,
  'X-Kong-Proxy-Latency': true,
  'X-Kong-Response-Latency': true,
  'X-Kong-Admin-Latency': true,
  'X-Kong-Upstream-Latency': true,
  'X-Kong-Upstream-Status': false,
  ...(minor >= 9 ? { 'X-Kong-Request-Id': true } : {}),
});

const listener = (ip: string, port: number): Settings => ({
  ip,
  port,
  listener: `${ip}:${port}`,
  ssl: false,
  http2: false,
  proxy_protocol: false,
  deferred: false,
  bind: false,
  reuseport: false,
  'backlog=%d+': false,
  'ipv6only=on': false,
  'ipv6only=off': false,
  'so_keepalive=on': false,
  'so_keepalive=off': false,
  'so_keepalive=%w*:%w*:%d*': false,
});

const COMMON: Settings = {
  _debug_pg_ttl_cleanup_interval: 300,
  admin_acc_logs: '/usr/local/kong/logs/admin_access.log',
  admin_access_log: 'logs/admin_access.log',
  admin_error_log: 'logs/error.log',
  admin_gui_access_log: 'logs/admin_gui_access.log',
  admin_gui_error_log: 'logs/admin_gui_error.log',
  admin_gui_listen: ['off'],
  admin_gui_listeners: {},
  admin_gui_path: '/',
  admin_gui_ssl_cert: {},
  admin_gui_ssl_cert_default: '/usr/local/kong/ssl/admin-gui-kong-default.crt',
  admin_gui_ssl_cert_default_ecdsa: '/usr/local/kong/ssl/admin-gui-kong-default-ecdsa.crt',
  admin_gui_ssl_cert_key: '******',
  admin_gui_ssl_cert_key_default: '/usr/local/kong/ssl/admin-gui-kong-default.key',
  admin_gui_ssl_cert_key_default_ecdsa: '/usr/local/kong/ssl/admin-gui-kong-default-ecdsa.key',
  admin_gui_ssl_enabled: false,
  admin_listen: ['off'],
  admin_listeners: {},
  admin_ssl_cert: {},
  admin_ssl_cert_default: '/usr/local/kong/ssl/admin-kong-default.crt',
  admin_ssl_cert_default_ecdsa: '/usr/local/kong/ssl/admin-kong-default-ecdsa.crt',
  admin_ssl_cert_key: '******',
  admin_ssl_cert_key_default: '/usr/local/kong/ssl/admin-kong-default.key',
  admin_ssl_cert_key_default_ecdsa: '/usr/local/kong/ssl/admin-kong-default-ecdsa.key',
  admin_ssl_enabled: false,
  allow_debug_header: false,
  anonymous_reports: false,
  client_body_buffer_size: '8k',
  client_ssl: false,
  client_ssl_cert_default: '/usr/local/kong/ssl/kong-default.crt',
  client_ssl_cert_key_default: '/usr/local/kong/ssl/kong-default.key',
  cluster_cert: '/etc/kong/cluster.crt',
  cluster_cert_key: '******',
  cluster_data_plane_purge_delay: 1209600,
  cluster_listen: ['0.0.0.0:8005'],
  cluster_max_payload: 16777216,
  cluster_ocsp: 'off',
  cluster_use_proxy: false,
  database: 'off',
  db_cache_ttl: 0,
  db_cache_warmup_entities: ['services'],
  db_resurrect_ttl: 30,
  db_update_frequency: 5,
  db_update_propagation: 0,
  dns_cache_size: 10000,
  dns_error_ttl: 1,
  dns_hostsfile: '/etc/hosts',
  dns_no_sync: false,
  dns_not_found_ttl: 30,
  dns_order: ['LAST', 'SRV', 'A', 'CNAME'],
  dns_resolver: ['127.0.0.1:53'],
  error_default_type: 'text/plain',
  host_ports: {},
  kic: false,
  kong_env: '/usr/local/kong/.kong_env',
  kong_process_secrets: '/usr/local/kong/.kong_process_secrets',
  lmdb_environment_path: 'dbless.lmdb',
  lmdb_map_size: '2048m',
  loaded_vaults: {
    env: true,
  },
  log_level: 'info',
  lua_max_post_args: 100,
  lua_max_req_headers: 100,
  lua_max_resp_headers: 100,
  lua_max_uri_args: 100,
  lua_package_cpath: '/usr/local/lib/lua/5.1/?.so;/usr/local/lib/lua/5.1/?.so;/usr/local/openresty/lualib/?.so;;',
  lua_package_path:
    '/usr/local/share/lua/5.1/?.lua;/usr/local/share/lua/5.1/?/init.lua;/usr/local/share/lua/5.1/?.lua;/usr/local/share/lua/5.1/?/init.lua;/usr/local/share/lua/5.1/?.lua;/usr/local/share/lua/5.1/?/init.lua;/usr/local/openresty/lualib/?.lua;/usr/local/openresty/lualib/?/init.lua;/usr/local/openresty/lualib/?.ljbc;;',
  lua_ssl_trusted_certificate: ['/etc/ssl/certs/ca-certificates.crt', '/etc/kong/cluster.crt', '/etc/kong/cluster.crt'],
  lua_ssl_trusted_certificate_combined: '/usr/local/kong/.ca_combined',
  lua_ssl_verify_depth: 1,
  mem_cache_size: '128m',
  nginx_acc_logs: '/usr/local/kong/logs/access.log',
  nginx_admin_client_body_buffer_size: '10m',
  nginx_admin_client_max_body_size: '10m',
  nginx_admin_directives: [
    {
      name: 'client_body_buffer_size',
      value: '10m',
    },
    {
      name: 'client_max_body_size',
      value: '10m',
    },
  ],
  nginx_conf: '/usr/local/kong/nginx.conf',
  nginx_daemon: 'on',
  nginx_err_logs: '/usr/local/kong/logs/error.log',
  nginx_events_directives: [
    {
      name: 'multi_accept',
      value: 'on',
    },
    {
      name: 'worker_connections',
      value: 'auto',
    },
  ],
  nginx_events_multi_accept: 'on',
  nginx_events_worker_connections: 'auto',
  nginx_http_charset: 'UTF-8',
  nginx_http_client_body_buffer_size: '8k',
  nginx_http_client_max_body_size: '0',
  nginx_http_lua_regex_cache_max_entries: '8192',
  nginx_http_lua_regex_match_limit: '100000',
  nginx_http_ssl_dhparam: 'ffdhe2048',
  nginx_http_ssl_prefer_server_ciphers: 'off',
  nginx_http_ssl_protocols: 'TLSv1.2 TLSv1.3',
  nginx_http_ssl_session_tickets: 'on',
  nginx_http_ssl_session_timeout: '1d',
  nginx_inject_conf: '/usr/local/kong/nginx-inject.conf',
  nginx_kong_conf: '/usr/local/kong/nginx-kong.conf',
  nginx_kong_gui_include_conf: '/usr/local/kong/nginx-kong-gui-include.conf',
  nginx_kong_inject_conf: '/usr/local/kong/nginx-kong-inject.conf',
  nginx_kong_stream_conf: '/usr/local/kong/nginx-kong-stream.conf',
  nginx_kong_stream_inject_conf: '/usr/local/kong/nginx-kong-stream-inject.conf',
  nginx_main_daemon: 'on',
  nginx_main_directives: [
    {
      name: 'daemon',
      value: 'on',
    },
    {
      name: 'user',
      value: 'root',
    },
    {
      name: 'worker_processes',
      value: '1',
    },
    {
      name: 'worker_rlimit_nofile',
      value: 'auto',
    },
  ],
  nginx_main_user: 'root',
  nginx_main_worker_processes: '1',
  nginx_main_worker_rlimit_nofile: 'auto',
  nginx_pid: '/usr/local/kong/pids/nginx.pid',
  nginx_proxy_directives: [
    {
      name: 'real_ip_header',
      value: 'X-Real-IP',
    },
    {
      name: 'real_ip_recursive',
      value: 'off',
    },
  ],
  nginx_proxy_real_ip_header: 'X-Real-IP',
  nginx_proxy_real_ip_recursive: 'off',
  nginx_sproxy_directives: {},
  nginx_status_directives: {},
  nginx_stream_directives: [
    {
      name: 'lua_shared_dict',
      value: 'stream_prometheus_metrics 5m',
    },
    {
      name: 'ssl_prefer_server_ciphers',
      value: 'off',
    },
    {
      name: 'ssl_protocols',
      value: 'TLSv1.2 TLSv1.3',
    },
    {
      name: 'ssl_session_tickets',
      value: 'on',
    },
    {
      name: 'ssl_session_timeout',
      value: '1d',
    },
  ],
  nginx_stream_ssl_dhparam: 'ffdhe2048',
  nginx_stream_ssl_prefer_server_ciphers: 'off',
  nginx_stream_ssl_protocols: 'TLSv1.2 TLSv1.3',
  nginx_stream_ssl_session_tickets: 'on',
  nginx_stream_ssl_session_timeout: '1d',
  nginx_supstream_directives: {},
  nginx_upstream_directives: {},
  nginx_user: 'root',
  nginx_wasm_main_directives: {},
  nginx_wasm_v8_directives: {},
  nginx_wasm_wasmer_directives: {},
  nginx_wasm_wasmtime_directives: {},
  nginx_worker_processes: '1',
  openresty_path: '/usr/local/openresty',
  opentelemetry_tracing: ['off'],
  opentelemetry_tracing_sampling_rate: 0.01,
  pg_database: 'kong',
  pg_host: '127.0.0.1',
  pg_max_concurrent_queries: 0,
  pg_port: 5432,
  pg_ro_ssl: false,
  pg_ro_ssl_verify: false,
  pg_semaphore_timeout: 60000,
  pg_ssl: false,
  pg_ssl_verify: false,
  pg_user: 'kong',
  plugins: ['bundled'],
  pluginserver_names: {},
  port_maps: {},
  prefix: '/usr/local/kong',
  proxy_access_log: 'logs/access.log',
  proxy_error_log: 'logs/error.log',
  proxy_listen: ['127.0.0.1:8000'],
  proxy_server_ssl_verify: true,
  proxy_ssl_enabled: false,
  proxy_stream_access_log: 'logs/access.log basic',
  proxy_stream_error_log: 'logs/error.log',
  real_ip_header: 'X-Real-IP',
  real_ip_recursive: 'off',
  role: 'data_plane',
  ssl_cert: {},
  ssl_cert_csr_default: '/usr/local/kong/ssl/kong-default.csr',
  ssl_cert_default: '/usr/local/kong/ssl/kong-default.crt',
  ssl_cert_default_ecdsa: '/usr/local/kong/ssl/kong-default-ecdsa.crt',
  ssl_cert_key: '******',
  ssl_cert_key_default: '/usr/local/kong/ssl/kong-default.key',
  ssl_cert_key_default_ecdsa: '/usr/local/kong/ssl/kong-default-ecdsa.key',
  ssl_cipher_suite: 'intermediate',
  ssl_dhparam: 'ffdhe2048',
  ssl_prefer_server_ciphers: 'on',
  ssl_session_cache_size: '10m',
  ssl_session_tickets: 'on',
  ssl_session_timeout: '1d',
  status_access_log: 'off',
  status_error_log: 'logs/status_error.log',
  status_listen: ['127.0.0.1:8007'],
  status_ssl_cert: {},
  status_ssl_cert_default: '/usr/local/kong/ssl/status-kong-default.crt',
  status_ssl_cert_default_ecdsa: '/usr/local/kong/ssl/status-kong-default-ecdsa.crt',
  status_ssl_cert_key: '******',
  status_ssl_cert_key_default: '/usr/local/kong/ssl/status-kong-default.key',
  status_ssl_cert_key_default_ecdsa: '/usr/local/kong/ssl/status-kong-default-ecdsa.key',
  status_ssl_enabled: false,
  stream_listen: ['off'],
  stream_listeners: {},
  stream_proxy_ssl_enabled: false,
  tracing_instrumentations: ['off'],
  tracing_sampling_rate: 0.01,
  trusted_ips: {},
  untrusted_lua: 'sandbox',
  untrusted_lua_sandbox_environment: {},
  untrusted_lua_sandbox_requires: {},
  upstream_keepalive_idle_timeout: 60,
  upstream_keepalive_pool_size: 512,
  vaults: ['bundled'],
  wasm: false,
  worker_consistency: 'eventual',
  worker_events_max_payload: 65535,
  worker_state_update_frequency: 5,
};

const ONLY_BEFORE_3_9: Settings = {
  dns_stale_ttl: 4,
  headers: ['server_tokens', 'latency_tokens'],
  lua_socket_pool_size: 30,
  lua_ssl_protocols: 'TLSv1.1 TLSv1.2 TLSv1.3',
  nginx_http_directives: [
    {
      name: 'charset',
      value: 'UTF-8',
    },
    {
      name: 'client_body_buffer_size',
      value: '8k',
    },
    {
      name: 'client_max_body_size',
      value: '0',
    },
    {
      name: 'keepalive_requests',
      value: '1000',
    },
    {
      name: 'lua_regex_cache_max_entries',
      value: '8192',
    },
    {
      name: 'lua_regex_match_limit',
      value: '100000',
    },
    {
      name: 'lua_shared_dict',
      value: 'prometheus_metrics 5m',
    },
    {
      name: 'ssl_prefer_server_ciphers',
      value: 'off',
    },
    {
      name: 'ssl_protocols',
      value: 'TLSv1.2 TLSv1.3',
    },
    {
      name: 'ssl_session_tickets',
      value: 'on',
    },
    {
      name: 'ssl_session_timeout',
      value: '1d',
    },
  ],
  nginx_http_keepalive_requests: '1000',
  nginx_http_lua_ssl_protocols: 'TLSv1.1 TLSv1.2 TLSv1.3',
  nginx_stream_lua_ssl_protocols: 'TLSv1.1 TLSv1.2 TLSv1.3',
  nginx_wasm_main_shm_directives: {},
  pg_timeout: 60000,
  privileged_agent: false,
  ssl_ciphers:
    'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384',
  ssl_protocols: 'TLSv1.1 TLSv1.2 TLSv1.3',
  upstream_keepalive_max_requests: 1000,
};

const ONLY_3_9: Settings = {
  cluster_incremental_sync: false,
};

const SINCE_3_9: Settings = {
  admin_gui_url: {},
  cluster_cjson: false,
  cluster_proxy_ssl_terminator_sock: 'cp',
  cluster_rpc: false,
  dedicated_config_processing: true,
  dns_stale_ttl: 3600,
  enabled_headers_upstream: {
    'X-Kong-Request-Id': true,
  },
  headers: ['server_tokens', 'latency_tokens', 'x-kong-request-id'],
  headers_upstream: ['x-kong-request-id'],
  lua_socket_pool_size: 256,
  lua_ssl_protocols: 'TLSv1.2 TLSv1.3',
  new_dns_client: false,
  nginx_http_directives: [
    {
      name: 'charset',
      value: 'UTF-8',
    },
    {
      name: 'client_body_buffer_size',
      value: '8k',
    },
    {
      name: 'client_max_body_size',
      value: '0',
    },
    {
      name: 'keepalive_requests',
      value: '10000',
    },
    {
      name: 'lua_regex_cache_max_entries',
      value: '8192',
    },
    {
      name: 'lua_regex_match_limit',
      value: '100000',
    },
    {
      name: 'lua_shared_dict',
      value: 'prometheus_metrics 5m',
    },
    {
      name: 'ssl_prefer_server_ciphers',
      value: 'off',
    },
    {
      name: 'ssl_protocols',
      value: 'TLSv1.2 TLSv1.3',
    },
    {
      name: 'ssl_session_tickets',
      value: 'on',
    },
    {
      name: 'ssl_session_timeout',
      value: '1d',
    },
  ],
  nginx_http_keepalive_requests: '10000',
  nginx_http_lua_ssl_protocols: 'TLSv1.2 TLSv1.3',
  nginx_location_directives: {},
  nginx_stream_lua_ssl_protocols: 'TLSv1.2 TLSv1.3',
  nginx_wasm_main_shm_kv_directives: {},
  pg_timeout: 5000,
  pluginservers: {},
  request_debug: true,
  resolver_address: {},
  resolver_error_ttl: 1,
  resolver_family: ['A', 'SRV'],
  resolver_hosts_file: '/etc/hosts',
  resolver_lru_cache_size: 10000,
  resolver_mem_cache_size: '5m',
  resolver_stale_ttl: 3600,
  socket_path: '/usr/local/kong/sockets',
  ssl_ciphers:
    'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305',
  ssl_protocols: 'TLSv1.2 TLSv1.3',
  stream_config_sock: 'sc',
  stream_rpc_sock: 'rp',
  stream_tls_passthrough_sock: 'sp',
  stream_tls_terminate_sock: 'st',
  stream_worker_events_sock: 'sw',
  upstream_keepalive_max_requests: 10000,
  wasm_filters: ['bundled', 'user'],
  worker_events_sock: 'we',
};

const SINCE_3_10: Settings = {
  admin_gui_csp_header: false,
  cluster_rpc_sync: false,
};
