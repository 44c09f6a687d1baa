"""Every second that is granted beyond what a stack declares, and why."""

DETECTION_SLACK = 5.0  # seconds that Docker may find out later than declared: starting a probe takes time as well
ENDING_SLACK = 5.0  # for a machine that is busy
RESTART_SECONDS = 20.0  # enough for a healer that polls, and waits out a stop timeout
RECOVER_SECONDS = 20.0  # for the service itself to start, beside the time until its first probe
HEALED_SLACK = DETECTION_SLACK + RECOVER_SECONDS
POLICY_SECONDS = 8.0  # for the engine to act on a restart policy, beside the delay that it keeps
COMEBACK_SLACK = POLICY_SECONDS + RECOVER_SECONDS
SETTLING_SECONDS = 30.0
