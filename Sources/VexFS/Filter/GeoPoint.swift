import Glibc

/// A place on the earth, in degrees.
public struct GeoPoint: Sendable, Hashable {
    /// Degrees east, -180...180.
    public let longitude: Double
    /// Degrees north, -90...90.
    public let latitude: Double
    /// The place on a Z-shaped curve over a grid of 2^26 steps each way, on which squares of the grid are ranges.
    let curve: UInt64

    /// Creates a point; nil where there is no such place.
    public init?(longitude: Double, latitude: Double) {
        guard longitude >= -180, longitude <= 180, latitude >= -90, latitude <= 90 else { return nil }
        // Adding 0 makes 0 of -0.
        self.longitude = longitude + 0
        self.latitude = latitude + 0
        curve =
            GeoCell.interleaved(GeoCell.step(longitude, 360)) << 1 | GeoCell.interleaved(GeoCell.step(latitude, 180))
    }

    /// The points that a field holds: an object with numbers `lon` and `lat`, or the elements of an array.
    static func points(of json: JSON?) -> [GeoPoint] {
        switch json {
        case .array(let elements)?: elements.compactMap(GeoPoint.init(json:))
        case .object?: json.flatMap(GeoPoint.init(json:)).map { [$0] } ?? []
        default: []
        }
    }

    private init?(json: JSON) {
        guard let longitude = json["lon"]?.numberValue, let latitude = json["lat"]?.numberValue else { return nil }
        self.init(longitude: longitude, latitude: latitude)
    }

    /// The radius of the earth as a ball, in metres.
    static var earthRadius: Double { 6_371_008.8 }

    /// Metres along the great circle, on a ball (haversine formula).
    public func distance(to other: GeoPoint) -> Double {
        let radians = Double.pi / 180
        let vertical = sin((other.latitude - latitude) * radians / 2)
        let horizontal = sin((other.longitude - longitude) * radians / 2)
        let square =
            vertical * vertical + cos(latitude * radians) * cos(other.latitude * radians) * horizontal * horizontal
        return 2 * Self.earthRadius * asin(min(1, square.squareRoot()))
    }
}

extension GeoPoint: Comparable {
    /// The order on the curve, for ``ValueIndex``.
    public static func < (left: GeoPoint, right: GeoPoint) -> Bool {
        if left.curve != right.curve { return left.curve < right.curve }
        return (left.longitude, left.latitude) < (right.longitude, right.latitude)
    }
}

/// A rectangle of the grid that points are ordered by: a range of the curve.
struct GeoCell {
    /// How often the whole was halved each way.
    let depth: Int
    /// Columns from the west and rows from the south, in cells of this depth.
    let column: UInt64
    let row: UInt64

    static let maximumDepth = 26
    static let whole = GeoCell(depth: 0, column: 0, row: 0)

    /// The part of the grid that holds degrees from -extent / 2 on.
    static func step(_ degrees: Double, _ extent: Double) -> UInt64 {
        UInt64(min((degrees / extent + 0.5) * 0x1p26, 0x1p26 - 1))
    }

    /// The lowest 32 bits with a 0 before each.
    static func interleaved(_ bits: UInt64) -> UInt64 {
        var spread = bits
        spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
        spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
        spread = (spread | spread << 4) & 0x0F0F_0F0F_0F0F_0F0F
        spread = (spread | spread << 2) & 0x3333_3333_3333_3333
        return (spread | spread << 1) & 0x5555_5555_5555_5555
    }

    /// The curve's range; the end is the beginning of the next one.
    var curve: Range<UInt64> {
        let shift = UInt64(2 * (Self.maximumDepth - depth))
        let start = Self.interleaved(column) << 1 | Self.interleaved(row)
        return start << shift..<(start + 1) << shift
    }

    private var width: Double { 360 / Double(1 << depth) }
    private var height: Double { 180 / Double(1 << depth) }
    /// Degrees; rounding of points to the grid may move one across an edge by less than a millionth of a degree, so
    /// the rectangle is that much larger.
    var west: Double { -180 + Double(column) * width - 1e-6 }
    var east: Double { -180 + Double(column + 1) * width + 1e-6 }
    var south: Double { -90 + Double(row) * height - 1e-6 }
    var north: Double { -90 + Double(row + 1) * height + 1e-6 }

    /// The four quarters; only above the greatest depth.
    var quarters: [GeoCell] {
        [(0, 0), (0, 1), (1, 0), (1, 1)].map { right, up in
            GeoCell(depth: depth + 1, column: column * 2 + right, row: row * 2 + up)
        }
    }
}
