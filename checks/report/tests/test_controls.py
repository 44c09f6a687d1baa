"""Each control that a rule bears on has the number and the title that its source gives it."""

from checks.core import catalog

CIS = {  # docker-bench-security 1.6.1, which follows the CIS Docker Benchmark 1.6.0
    "4.1": "A user for the container has been created",
    "4.3": "Unnecessary packages are not installed in the container",
    "4.6": "HEALTHCHECK instructions have been added to container images",
    "4.10": "Secrets are not stored in Dockerfiles",
    "5.4": "Linux kernel capabilities are restricted within containers",
    "5.5": "Privileged containers are not used",
    "5.6": "Sensitive host system directories are not mounted on containers",
    "5.9": "Only needed ports are open on the container",
    "5.10": "The host's network namespace is not shared",
    "5.14": "Incoming container traffic is bound to a specific host interface",
    "5.27": "Container health is checked at runtime",
}
# NIST's OSCAL content, HIGH baseline, 5.1.1; IA-5(7), IA-9 and SI-13 are in no such baseline: as others quote Rev. 5
NIST = {
    "AC-2": "Account Management",
    "AC-3": "Access Enforcement",
    "AC-6": "Least Privilege",
    "AU-2": "Event Logging",
    "AU-11": "Audit Record Retention",
    "CM-2": "Baseline Configuration",
    "CM-6": "Configuration Settings",
    "CM-7": "Least Functionality",
    "CP-9": "System Backup",
    "CP-10": "System Recovery and Reconstitution",
    "CP-10(2)": "Transaction Recovery",
    "IA-5(1)": "Password-based Authentication",
    "IA-5(7)": "No Embedded Unencrypted Static Authenticators",
    "IA-9": "Service Identification and Authentication",
    "SC-5": "Denial-of-service Protection",
    "SC-7": "Boundary Protection",
    "SC-24": "Fail in Known State",
    "SI-4": "System Monitoring",
    "SI-4(5)": "System-generated Alerts",
    "SI-6": "Security and Privacy Function Verification",
    "SI-7": "Software, Firmware, and Information Integrity",
    "SI-11": "Error Handling",
    "SI-13": "Predictable Failure Prevention",
}
SOURCES = {"CIS Docker Benchmark 1.6.0": CIS, "NIST SP 800-53 Rev. 5": NIST}


def test_numbers_and_titles_are_those_of_the_source() -> None:
    controls = [control for known in catalog.read().requirements for control in known.controls]
    told = {(one.framework, one.item, one.title) for one in controls}
    assert told == {(name, item, title) for name, items in SOURCES.items() for item, title in items.items()}
