// Whoever imports the engine names its values: JSON, errors, byte strings.
@_exported import VexValues
