/// A value that is read very often and seldom changed: who reads it shares it, where a copy would cost a reference for
/// each of its fields. The projected value is what is shared.
@propertyWrapper struct Shared<Value: Sendable>: Sendable {
    /// What is shared; it never changes.
    final class Box: Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    private(set) var projectedValue: Box

    var wrappedValue: Value {
        get { projectedValue.value }
        set { projectedValue = Box(newValue) }
    }

    init(wrappedValue: Value) { projectedValue = Box(wrappedValue) }
}
