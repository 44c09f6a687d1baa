"""Keys of a Compose file that reach nothing outside of a container, or whose values are looked at one by one.

A key that a later Compose adds is on neither list, and so is asked about before anything starts.
"""

from __future__ import annotations

HARMLESS_CAPABILITIES = {  # what the engine gives every container anyway, and what a container's own network needs
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW",
    "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT", "IPC_LOCK", "SYS_NICE",
}  # fmt: skip
LOOKED_AT = """
    privileged cap_add devices device_cgroup_rules gpus sysctls security_opt network_mode pid ipc userns_mode uts cgroup
    volumes volumes_from external_links runtime cgroup_parent credential_spec use_api_socket build deploy
    post_start pre_stop
"""
PLAIN = """
    annotations attach cap_drop command configs container_name cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period
    cpu_rt_runtime cpu_shares cpus cpuset depends_on develop dns dns_opt dns_search domainname entrypoint environment
    env_file expose extra_hosts group_add healthcheck hostname image init isolation labels links logging mac_address
    mem_limit mem_reservation mem_swappiness memswap_limit networks oom_kill_disable oom_score_adj pids_limit platform
    ports profiles pull_policy read_only restart scale secrets shm_size stdin_open stop_grace_period stop_signal
    storage_opt tmpfs tty ulimits user working_dir blkio_config
"""
OF_A_BUILD = """
    context dockerfile dockerfile_inline additional_contexts args ssh cache_from cache_to extra_hosts isolation labels
    no_cache pull network target secrets shm_size tags ulimits platforms privileged entitlements
"""
HARMLESS_SERVICE_KEYS = {*LOOKED_AT.split(), *PLAIN.split()}
HARMLESS_BUILD_KEYS = {*OF_A_BUILD.split()}
KNOWN_KEYS = {"name", "version", "services", "networks", "volumes", "secrets", "configs", "include"}
