/// What an index of a field is prepared for. A filter's answer never depends on it: a field that is filtered on in
/// another way gets what it lacks then.
public enum PayloadType: String, Sendable, CaseIterable {
    /// Equality of strings.
    case keyword
    /// Ranges of integers.
    case integer
    /// Ranges of numbers.
    case float
    /// Truth values.
    case bool
    /// Times, as ``PayloadTime`` reads them.
    case datetime
    /// Points `{"lon": …, "lat": …}`.
    case geo
    /// UUIDs in any spelling.
    case uuid
    /// Words of texts.
    case text
}
