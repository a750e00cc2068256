import Glibc

extension Formula {
    /// What a formula knows of a point.
    struct Point {
        /// The point's score in each prefetch, nil where it is not in it.
        var scores: [Float?]
        /// The payload, an object.
        var payload: JSON
        /// Which of the formula's conditions hold.
        var conditions: [Bool]
    }

    /// The point's score. O(expressions).
    /// - Throws: `invalidQuery` where a variable has no value of the right kind, or a result is not finite.
    func score(_ point: Point) throws(VexFSError) -> Float {
        let score = try value(expression, point)
        guard Float(score).isFinite else { throw Self.notFinite("\(score) as a score") }
        return Float(score)
    }

    private static func notFinite(_ text: String) -> VexFSError {
        VexFSError(.invalidQuery, "the formula has no finite value: \(text); guard it with defaults or conditions")
    }

    private func value(_ expression: Expression, _ point: Point) throws(VexFSError) -> Double {
        switch expression {
        case .constant(let number): return number
        case .variable(let variable): return try value(variable, point)
        case .condition(let place): return point.conditions[place] ? 1 : 0
        case .geoDistance(let origin, let path):
            let json = try payloadValue(path, point)
            guard json.arrayValue == nil, let found = GeoPoint.points(of: json).first else {
                throw missing(path, "a point with lon and lat")
            }
            return origin.distance(to: found)
        case .datetime(let time): return Self.seconds(time)
        case .datetimeKey(let path):
            guard let text = try payloadValue(path, point).stringValue, let time = PayloadTime(text) else {
                throw missing(path, "a date and time")
            }
            return Self.seconds(time)
        case .product(let factors):
            var product = 1.0
            for factor in factors {
                let value = try value(factor, point)
                if value == 0 { return 0 }
                product *= value
            }
            return product
        case .sum(let terms): return try fold(terms, 0, point, +)
        case .maximum(let terms): return try fold(terms, -.infinity, point) { max($0, $1) }
        case .minimum(let terms): return try fold(terms, .infinity, point) { min($0, $1) }
        case .negation(let inner): return -(try value(inner, point))
        case .absolute(let inner): return abs(try value(inner, point))
        case .quotient, .squareRoot, .power, .exponential, .decimalLogarithm, .naturalLogarithm,
            .inverseHyperbolicCosine:
            return try partialFunction(expression, point)
        case .decay(let decay, let x, let target):
            let aim = try target.map { (target) throws(VexFSError) in try value(target, point) } ?? 0
            return decay.value(at: try value(x, point) - aim)
        }
    }

    private func fold(
        _ terms: [Expression], _ start: Double, _ point: Point, _ combine: (Double, Double) -> Double
    ) throws(VexFSError) -> Double {
        var result = start
        for term in terms { result = combine(result, try value(term, point)) }
        return result
    }

    /// The functions that are not finite everywhere.
    private func partialFunction(_ expression: Expression, _ point: Point) throws(VexFSError) -> Double {
        let result: Double
        let text: String
        switch expression {
        case .quotient(let left, let right, let byZero):
            let dividend = try value(left, point)
            if dividend == 0 { return 0 }
            let divisor = try value(right, point)
            if divisor == 0, let byZero { return byZero }
            (result, text) = (dividend / divisor, "\(dividend) / \(divisor)")
        case .power(let base, let exponent):
            let (base, exponent) = (try value(base, point), try value(exponent, point))
            (result, text) = (pow(base, exponent), "\(base) to the power of \(exponent)")
        case .squareRoot(let inner): (result, text) = try apply("square root of", inner, point) { $0.squareRoot() }
        case .exponential(let inner): (result, text) = try apply("exp of", inner, point, exp)
        case .decimalLogarithm(let inner): (result, text) = try apply("log10 of", inner, point, log10)
        case .naturalLogarithm(let inner): (result, text) = try apply("ln of", inner, point, log)
        case .inverseHyperbolicCosine(let inner): (result, text) = try apply("acosh of", inner, point, acosh)
        default: return try value(expression, point)
        }
        guard result.isFinite else { throw Self.notFinite(text) }
        return result
    }

    private func apply(
        _ name: String, _ inner: Expression, _ point: Point, _ function: (Double) -> Double
    ) throws(VexFSError) -> (Double, String) {
        let argument = try value(inner, point)
        return (function(argument), "\(name) \(argument)")
    }

    private static func seconds(_ time: PayloadTime) -> Double { Double(time.microseconds) / 1_000_000 }

    private func value(_ variable: Variable, _ point: Point) throws(VexFSError) -> Double {
        switch variable {
        case .score(let place):
            if place < point.scores.count, let score = point.scores[place] { return Double(score) }
            return defaults[variable]?.numberValue ?? 0
        case .payload(let path):
            guard let number = try payloadValue(path, point).numberValue else { throw missing(path, "a number") }
            return number
        }
    }

    /// The one value that the payload, or else the defaults, have for a path; several are an array.
    private func payloadValue(_ path: PayloadPath, _ point: Point) throws(VexFSError) -> JSON {
        let found = point.payload.values(at: path)
        let values = found.isEmpty ? defaults[.payload(path)].map { $0.arrayValue ?? [$0] } ?? [] : found
        guard let first = values.first else {
            throw VexFSError(
                .invalidQuery,
                "the formula needs a value for \(path), which neither a point's payload nor the defaults have")
        }
        return values.count == 1 ? first : .array(values)
    }

    private func missing(_ path: PayloadPath, _ wanted: String) -> VexFSError {
        VexFSError(
            .invalidQuery, "the formula needs \(wanted) in \(path), and a point or the defaults have another value")
    }
}
