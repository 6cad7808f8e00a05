//! Work with several steps or several callers: acceptance, fan-out, delivery, healing.
