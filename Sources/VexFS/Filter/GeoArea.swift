import Glibc

/// A part of the earth's surface; points on its edge are outside.
public enum GeoArea: Sendable, Hashable {
    /// All points less than `metres` away.
    case radius(center: GeoPoint, metres: Double)
    /// Between two parallels and two meridians; from the west edge eastwards, over the antimeridian where the east edge
    /// lies west of the west edge.
    case box(west: Double, south: Double, east: Double, north: Double)
    /// Within the first ring and within no other; rings are closed by themselves, and straight in degrees.
    case polygon(exterior: [GeoPoint], interiors: [[GeoPoint]])

    /// Whether the point is inside.
    public func contains(_ point: GeoPoint) -> Bool {
        switch self {
        case .radius(let center, let metres): return center.distance(to: point) < metres
        case .box(let west, let south, let east, let north):
            let (x, y) = (point.longitude, point.latitude)
            let isBetween = west <= east ? west < x && x < east : x > west || x < east
            return isBetween && south < y && y < north
        case .polygon(let exterior, let interiors):
            return Self.ring(exterior, contains: point) == true
                && interiors.allSatisfy { Self.ring($0, contains: point) == false }
        }
    }

    /// How a cell lies to an area.
    enum Relation {
        case inside, outside, crossing
    }

    /// How the cell lies to the area; `crossing` also where that is not certain.
    func relation(to cell: GeoCell) -> Relation {
        switch self {
        case .radius(let center, let metres):
            // No point is farther from the middle than along half the height and half the width at its widest.
            let radians = Double.pi / 180
            let nearEquator = cell.south < 0 && cell.north > 0 ? 0 : min(abs(cell.south), abs(cell.north))
            let reach =
                GeoPoint.earthRadius * radians * 0.5
                * ((cell.north - cell.south) + (cell.east - cell.west) * cos(nearEquator * radians)) + 1
            guard let middle = cell.middle else { return .crossing }
            let distance = center.distance(to: middle)
            if distance + reach < metres { return .inside }
            return distance - reach > metres ? .outside : .crossing
        case .box(let west, let south, let east, let north):
            if cell.north < south || cell.south > north { return .outside }
            let isTall = south < cell.south && cell.north < north
            if west <= east {
                if cell.east < west || cell.west > east { return .outside }
                return isTall && west < cell.west && cell.east < east ? .inside : .crossing
            }
            if cell.west > east && cell.east < west { return .outside }
            return isTall && (cell.west > west || cell.east < east) ? .inside : .crossing
        case .polygon(let exterior, let interiors):
            guard let middle = cell.middle else { return .crossing }
            for ring in [exterior] + interiors where Self.ring(ring, mayCross: cell) { return .crossing }
            return contains(middle) ? .inside : .outside
        }
    }

    /// Whether a point is within a ring, by the edges that a ray to the east meets; nil on an edge.
    private static func ring(_ ring: [GeoPoint], contains point: GeoPoint) -> Bool? {
        var isInside = false
        for index in ring.indices {
            let (start, end) = edge(index, of: ring)
            let (low, high) = start.latitude < end.latitude ? (start, end) : (end, start)
            let side =
                (high.longitude - low.longitude) * (point.latitude - low.latitude)
                - (high.latitude - low.latitude) * (point.longitude - low.longitude)
            if side == 0, point.latitude >= low.latitude, point.latitude <= high.latitude,
                point.longitude >= min(low.longitude, high.longitude),
                point.longitude <= max(low.longitude, high.longitude)
            {
                return nil
            }
            if low.latitude <= point.latitude, point.latitude < high.latitude, side > 0 { isInside.toggle() }
        }
        return isInside
    }

    /// Whether an edge of a ring touches a cell, or nearly.
    private static func ring(_ ring: [GeoPoint], mayCross cell: GeoCell) -> Bool {
        ring.indices.contains { index in
            let (start, end) = edge(index, of: ring)
            if max(start.longitude, end.longitude) < cell.west || min(start.longitude, end.longitude) > cell.east
                || max(start.latitude, end.latitude) < cell.south || min(start.latitude, end.latitude) > cell.north
            {
                return false
            }
            // The edge's line passes by where all corners lie on one side of it.
            let (dx, dy) = (end.longitude - start.longitude, end.latitude - start.latitude)
            func side(_ x: Double, _ y: Double) -> Double { dx * (y - start.latitude) - dy * (x - start.longitude) }
            let (southWest, northWest) = (side(cell.west, cell.south), side(cell.west, cell.north))
            let (southEast, northEast) = (side(cell.east, cell.south), side(cell.east, cell.north))
            let least = min(southWest, northWest, southEast, northEast)
            let largest = max(southWest, northWest, southEast, northEast)
            return least <= 0 && largest >= 0
        }
    }

    /// An edge of a ring: from a point to the next one, from the last to the first.
    @inline(__always)
    private static func edge(_ index: Int, of ring: [GeoPoint]) -> (GeoPoint, GeoPoint) {
        (ring[index], ring[index + 1 < ring.count ? index + 1 : 0])
    }
}

extension GeoCell {
    /// The middle of the rectangle.
    fileprivate var middle: GeoPoint? {
        GeoPoint(longitude: (west + east) / 2, latitude: (south + north) / 2)
    }
}

extension ValueIndex where Key == GeoPoint {
    /// Fewer points than this are tested one by one.
    private static var fewPoints: Int { 64 }

    /// Adds the rows with a point in the area: cells within it whole, those at its edge point by point.
    mutating func collect(_ area: GeoArea, _ cell: GeoCell = .whole, into union: inout PostingsUnion) {
        let relation = area.relation(to: cell)
        if relation == .outside { return }
        let curve = cell.curve
        let isBelow: (GeoPoint) -> Bool = { $0.curve < curve.lowerBound }
        let isAbove: (GeoPoint) -> Bool = { $0.curve >= curve.upperBound }
        if relation == .inside {
            collect(into: &union, isBelow: isBelow, isAbove: isAbove)
        } else if cell.depth == GeoCell.maximumDepth || count(isBelow: isBelow, isAbove: isAbove) <= Self.fewPoints {
            collect(into: &union, isBelow: isBelow, isAbove: isAbove, also: area.contains)
        } else {
            for quarter in cell.quarters { collect(area, quarter, into: &union) }
        }
    }
}
