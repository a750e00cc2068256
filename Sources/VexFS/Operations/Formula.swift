import Glibc

/// A score computed from the scores of prefetches and the payload
/// (https://qdrant.tech/documentation/concepts/hybrid-queries/#score-boosting).
public struct Formula: Sendable, Equatable {
    /// What is computed.
    public var expression: Expression
    /// What variables are where a point has no value for them.
    public var defaults: [Variable: JSON]
    /// The conditions, which ``Expression/condition(_:)`` names by their places.
    public var conditions: [Filter]

    /// Describes a formula.
    public init(_ expression: Expression, defaults: [Variable: JSON] = [:], conditions: [Filter] = []) {
        self.expression = expression
        self.defaults = defaults
        self.conditions = conditions
    }

    /// A number that differs from point to point.
    public enum Variable: Sendable, Hashable {
        /// The score in one of the prefetches; 0 where the point is not in it and there is no default.
        case score(Int)
        /// A number of the payload.
        case payload(PayloadPath)
    }

    /// A part of a formula. Angles, where there are any, are in degrees, distances in metres, times in seconds since
    /// 1970.
    public indirect enum Expression: Sendable, Equatable {
        case constant(Double)
        case variable(Variable)
        /// 1 where the condition holds, else 0.
        case condition(Int)
        /// How far the payload's point is away.
        case geoDistance(origin: GeoPoint, to: PayloadPath)
        case datetime(PayloadTime)
        case datetimeKey(PayloadPath)
        /// 0 as soon as one factor is, whatever stands behind it.
        case product([Expression])
        case sum([Expression])
        case maximum([Expression])
        case minimum([Expression])
        case negation(Expression)
        case absolute(Expression)
        /// 0 where the dividend is, whatever the divisor.
        case quotient(Expression, Expression, byZero: Double?)
        case squareRoot(Expression)
        case power(Expression, exponent: Expression)
        case exponential(Expression)
        case decimalLogarithm(Expression)
        case naturalLogarithm(Expression)
        case inverseHyperbolicCosine(Expression)
        case decay(Decay, of: Expression, target: Expression?)
    }

    /// A curve that is 1 at its target and falls on both sides.
    public struct Decay: Sendable, Equatable {
        /// The form of the curve.
        public enum Shape: String, Sendable, CaseIterable {
            case linear = "lin_decay"
            case exponential = "exp_decay"
            case gaussian = "gauss_decay"
        }

        /// The form of the curve.
        public let shape: Shape
        /// (1 − midpoint) / scale of a linear curve, ln(midpoint) / scale of an exponential one, ln(midpoint) / scale²
        /// of a Gaussian one.
        public let steepness: Double

        /// The curve that has fallen to `midpoint` at a distance of `scale` from its target.
        /// - Throws: `invalidQuery` for a midpoint outside 0…1 (its ends are allowed for a linear curve only), or a
        ///   scale that is not positive.
        public init(_ shape: Shape, scale: Double = 1, midpoint: Double = 0.5) throws(VexFSError) {
            let isMiddle = shape == .linear ? (0...1).contains(midpoint) : midpoint > 0 && midpoint < 1
            guard isMiddle else {
                let ends = shape == .linear ? "0 to 1" : "above 0 and below 1"
                throw VexFSError(
                    .invalidQuery, "the midpoint of a \(shape.rawValue) is \(midpoint); it must be \(ends)")
            }
            guard scale > 0 else {
                throw VexFSError(.invalidQuery, "the scale of a \(shape.rawValue) is \(scale); it must be positive")
            }
            self.shape = shape
            steepness =
                switch shape {
                case .linear: (1 - midpoint) / scale
                case .exponential: log(midpoint) / scale
                case .gaussian: log(midpoint) / (scale * scale)
                }
        }

        /// The curve's height at this distance from the target.
        func value(at distance: Double) -> Double {
            switch shape {
            case .linear: max(0, 1 - steepness * abs(distance))
            case .exponential: exp(steepness * abs(distance))
            case .gaussian: exp(steepness * distance * distance)
            }
        }
    }
}
