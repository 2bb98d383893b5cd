"""Another judge of the rules about geometry, on shapely and numpy. Shares no code with Palisade.

mutations.py ASSETS    reads layouts as JSON lines {"site", "kit", "guards"} in local metres and answers each with a line
                       {"close": [[rule, quantity]], "rules": {rule: {"holds", "figure"}}}

Thresholds are read where Palisade reads them, in the data files under ASSETS. Much is decided in a way of its own: a
compound is closed where no free ground leads from outside to its middle, a gate is attended where somebody is on duty
between any two changes of the guard, which way leads out of a compound or a house is the way in which the distance from it
grows, how a block lies follows from the second moments of its ground, and whether every lane can have a camera of its own
from Hall's condition.

Some is not. Where a text leaves open what is meant, this file takes the meaning that Palisade takes, and another program that
does so cannot show that the meaning is right: which gate, door or path a camera is aimed at (`aimed`, `path_ahead`), that the
light of a scene is its middling one (`scene_light`), how near and how much along a wall a zone guards it and what is over the
shut leaf of a gate (`beside_zones`, `over`), which two zones close a corner (`closed_corner`), which cameras are high ones
that zoom (`high_point`), and the rules that compare one figure of the data with a threshold. There only arithmetic and
geometry are held against each other.

Each rule is asked three times: as it stands, a little more strictly and a little more leniently. A rule whose three
answers are not the same is close, and the quantity is named that decides it: 1 cm of length, 0.1 degrees, 0.2 % of pixel
density, 5 % of light. So is one that a patch no larger than a body decides: half a metre of wall or two square metres of
ground that nobody sees, half a square metre of a window that somebody does. "side" is what two places decide that are
equally near, "leaf" what depends on where the leaf of a gate between two walls runs, which the data does not say.
"""

import itertools
import json
import pathlib
import sys
import tomllib

import numpy as np
import shapely
import shapely.ops
from shapely import LineString, Point, Polygon
from shapely.affinity import translate

ASSETS = pathlib.Path(sys.argv[1])


def data(name):
    return tomllib.loads((ASSETS / name).read_text())


PERIMETER, SIGHT, WINDOW = data("assumptions/perimeter.toml"), data("catalogue/sight.toml"), data("assumptions/facade.toml")["window"]
# What decides nothing, by quantity.
GIVE = {"m": 0.01, "deg": 0.1, "px/m": 0.002, "lx": 0.05}
LENGTH, ANGLE, DENSITY, LIGHT = GIVE.values()
# The chest of a standing person, m: the place of which all rules ask whether it is seen.
CHEST, BEFORE_DOOR = 1.5, SIGHT["before_door_m"]
ASIDE, BEND, UNDER = PERIMETER["aside_m"], PERIMETER["bend_deg"], PERIMETER["under_m"]
POST, CORNER, LOST = PERIMETER["post_m"], PERIMETER["corner_m"], PERIMETER["lost_deg"]
PITCH, (WIDE, TALL), SILL = WINDOW["pitch_m"], WINDOW["size_m"], WINDOW["sill_m"]
LINTEL, GLASS = WINDOW["lintel_m"], WINDOW["before_m"]
SKY = SIGHT["night"]["sky_lux"]
DAY = 86400
# The ground about the site that is looked at, m.
MARGIN = 20.0
# A body passes between barriers that are farther apart; a gate's pier; how far off the outline walls, and buildings and
# gates, may stand.
BODY, PIER = PERIMETER["body_m"], PERIMETER["pier_m"]
OFF_OUTLINE, FACADE_OFF = PERIMETER["outline_m"], PERIMETER["facade_m"]


def xy(point):
    return (point["x"], point["y"]) if isinstance(point, dict) else tuple(point)


def line_of(points):
    return LineString([xy(p) for p in points])


def polygon_of(outline):
    return Polygon([xy(p) for p in outline["exterior"]], [[xy(p) for p in ring] for ring in outline["interiors"]])


def unit(a, b):
    way = np.subtract(b, a)
    return way / np.hypot(*way)


def bearing(degrees):
    return np.array([np.sin(np.radians(degrees)), np.cos(np.radians(degrees))])


def between(a, b):
    """Angle between two directions, degrees."""
    cos = np.dot(a, b) / (np.hypot(*a) * np.hypot(*b))
    return float(np.degrees(np.arccos(np.clip(cos, -1, 1))))


def seconds(clock):
    parts = clock.split(":")
    return sum(float(part) * 60 ** (2 - i) for i, part in enumerate(parts))


class Close(Exception):
    """Too close to tell, and what decides it."""

    def __init__(self, what="patch"):
        self.what = what


def grows(shape, at):
    """The way in which one leaves a piece of ground fastest from a point: in which the distance from it grows."""

    def out(x, y):
        point = Point(x, y)
        return shape.exterior.distance(point) * (-1 if shape.contains(point) else 1)

    (x, y), e = at, 1e-3
    way = np.array([out(x + e, y) - out(x - e, y), out(x, y + e) - out(x, y - e)])
    if np.hypot(*way) < 1.8 * e:
        raise Close("side")
    return way / np.hypot(*way)


def along(line, at):
    """The way of a line where a point is nearest to it."""
    here = line.project(Point(at))
    a, b = (line.interpolate(min(max(here + by, 0), line.length)) for by in (-1e-3, 1e-3))
    return unit((a.x, a.y), (b.x, b.y))


def lies(shape):
    """The unit vector along a piece of ground: the axis about which its second moment is least."""
    ring = shapely.get_coordinates(shapely.geometry.polygon.orient(shape).exterior)
    a = ring[:-1] - shapely.get_coordinates(shape.centroid)[0]
    b = np.roll(a, -1, axis=0)
    twice = a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1]
    pairs = np.einsum("n,ni,nj->ij", twice, a, a) + np.einsum("n,ni,nj->ij", twice, b, b)
    cross = np.einsum("n,ni,nj->ij", twice, a, b)
    moments = (2 * pairs + cross + cross.T) / 24
    sizes, axes = np.linalg.eigh(moments)
    if sizes[1] < 1.02 * sizes[0]:
        raise Close("side")
    return axes[:, 1]


class Layout:
    def __init__(self, given):
        site, self.kit, self.guards = given["site"], given["kit"], given["guards"]
        self.outlines = [polygon_of(c["outline"]) for c in site["compounds"]]
        self.buildings = {b["id"]: dict(b, shape=polygon_of(b["outline"])) for b in site["buildings"]}
        self.walls = [dict(w, shape=line_of(w["line"])) for w in site["walls"]]
        self.rim = [w for w in self.walls if w["perimeter"] and w["made_of"] != "retaining"]
        self.gates = [dict(g, at=xy(g["at"])) for g in site["gates"]]
        self.alone = [g for g in self.gates if not self.attended(g)]
        self.unsaid = [g for g in self.gates if g not in self.alone and not self.attended(g, unnamed=False)]
        self.entrances = [dict(e, at=xy(e["at"])) for e in site["entrances"]]
        self.areas = [dict(a, shape=polygon_of(a["outline"])) for a in site["areas"]]
        self.paths = [dict(p, shape=line_of(p["line"])) for p in site["paths"]]
        self.lamps = [np.array([*xy(l["at"]), l["height_m"], l["flux_lm"]]) for l in site["lamps"]]
        self.cameras = self.kit["camera"]
        self.hiding = {s: self.things(s) for s in (-1, 0, 1)}
        self.bars = {s: list(self.fences(s)) for s in (-1, 0, 1)}

    def attended(self, gate, unnamed=True):
        """Whether between any two changes of the guard somebody is on duty there. A post that no roster names has its guards
        at all hours, or is not counted on."""
        shifts = []
        for place in ("gate_post", "barrier"):
            for row in (r for r in self.kit[place] if r["gate"] == gate["id"] and r.get("guards", 1) > 0):
                own = [tuple(map(seconds, g["shift"])) for g in self.guards if g["duty"] == {place: row["id"]}]
                shifts += own
                if place == "gate_post" and not own and unnamed:
                    return True
        changes = sorted({time for shift in shifts for time in shift})
        waits = zip(changes, changes[1:] + [c + DAY for c in changes[:1]])
        return bool(shifts) and all(any(((a + b) / 2 - f) % DAY < (t - f) % DAY for f, t in shifts) for a, b in waits)

    def openings(self, grow=0.0, gates=None):
        gates = self.gates if gates is None else gates
        return shapely.union_all([Point(g["at"]).buffer(g["width_m"] / 2 + grow, 64) for g in gates])

    def things(self, slack):
        """What hides: footprint, height. Stricter means more of it."""
        grow = -slack * LENGTH
        out = [(b["shape"].buffer(grow, join_style="mitre"), b["height_m"] + grow) for b in self.buildings.values()]
        for wall in self.walls:
            if wall["made_of"] != "fence":
                standing = wall["shape"].difference(self.openings(-grow))
                # Where a wall ends decides no more than how high it is.
                standing = shapely.union_all([longer(part, grow) for part in parts(standing) if part.length > -2 * grow])
                out.append((standing, wall["height_m"] + grow))
        for shape, _ in out:
            shapely.prepare(shape)
        return out

    def fences(self, slack):
        """Straight pieces of fences: the line, height, the share of it that is bars."""
        grow, bars = -slack * LENGTH, SIGHT["bars"]
        for wall in (w for w in self.walls if w["made_of"] == "fence"):
            gap = bars["gap_m"] if wall["bar_gap_m"] is None else wall["bar_gap_m"]
            share = bars["bar_m"] / (bars["bar_m"] + gap)
            for side in pieces(wall["shape"]):
                yield side.difference(self.openings(-grow)), wall["height_m"] + grow, unit(*side.coords), share

    # Sight.

    def picture(self, camera, points):
        """Pixels right and below of the middle, and depth, of points (n, 3)."""
        turn, down = np.radians(camera["bearing_deg"]), np.radians(camera["tilt_deg"])
        ahead = np.array([np.cos(down) * np.sin(turn), np.cos(down) * np.cos(turn), -np.sin(down)])
        right = np.array([np.cos(turn), -np.sin(turn), 0.0])
        below = np.cross(ahead, right)
        way = points - np.array([*camera["at_m"], camera["height_m"]])
        depth = way @ ahead
        focal = camera["pixels"][0] / 2 / np.tan(np.radians(camera["hfov_deg"]) / 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            return focal * (way @ right) / depth, focal * (way @ below) / depth, depth, focal

    def on_picture(self, camera, points, slack):
        right, below, depth, focal = self.picture(camera, points)
        give = slack * focal * np.tan(np.radians(ANGLE))
        wide, high = (side / 2 + give for side in camera["pixels"])
        return (depth > 0) & (np.abs(right) <= wide) & (np.abs(below) <= high)

    def density(self, camera, points):
        """Pixels per metre of a short upright rod."""
        rod = np.array([0.0, 0.0, 5e-4])
        top, foot = self.picture(camera, points + rod), self.picture(camera, points - rod)
        return np.hypot(top[0] - foot[0], top[1] - foot[1]) / 1e-3

    def shown(self, camera, points, slack, at_least=None):
        """Which points a camera shows: on its picture, within its range, dense enough, nothing before them."""
        points = np.atleast_2d(np.asarray(points, float))
        eye = np.array([*camera["at_m"], camera["height_m"]])
        far = np.linalg.norm(points - eye, axis=1) <= camera["range_m"] + slack * LENGTH
        seen = far & self.on_picture(camera, points, slack)
        if at_least is not None:
            where = np.flatnonzero(seen)
            seen[where] = self.density(camera, points[where]) >= at_least * (1 - slack * DENSITY)
        where = np.flatnonzero(seen)
        if len(where):
            seen[where] = self.clear(eye, points[where], slack)
        return seen

    def clear(self, eye, points, slack, bars=True):
        """Points that nothing hides. Each fence takes a share of the contrast, all of it from whoever looks along it."""
        ends = np.stack([np.broadcast_to(eye[:2], (len(points), 2)), points[:, :2]], 1)
        rays = shapely.linestrings(ends)
        free = np.ones(len(points), bool)
        for shape, height in self.hiding[slack]:
            free[list(self.under(shape, height, eye, points, rays, free))] = False
        contrast = np.full(len(points), SIGHT["target_contrast"])
        for line, height, way, share in self.bars[slack] if bars else ():
            for i in self.under(line, height, eye, points, rays, free):
                turn = between(points[i, :2] - eye[:2], way)
                turn = max(min(turn, 180 - turn) + slack * ANGLE, 1e-6)
                contrast[i] *= max(1 - share / np.sin(np.radians(turn)), 0)
        return free & (contrast >= SIGHT["camera"]["threshold"])

    def under(self, shape, height, eye, points, rays, free):
        """Which rays that are free so far meet a shape below its top."""
        meets = np.flatnonzero(free & shapely.intersects(shape, rays))
        for i, common in zip(meets, shapely.intersection(rays[meets], shape)):
            flat = np.hypot(*(points[i, :2] - eye[:2]))
            along = np.hypot(*(shapely.get_coordinates(common) - eye[:2]).T) / max(flat, 1e-9)
            if (eye[2] + along * (points[i, 2] - eye[2])).min() < height:
                yield i

    def seen(self, points, slack, cameras=None):
        """Which points any camera sees at its working density."""
        points = np.atleast_2d(np.asarray(points, float))
        found = np.zeros(len(points), bool)
        for camera in self.cameras if cameras is None else cameras:
            left = np.flatnonzero(~found)
            if not len(left):
                break
            found[left] = self.shown(camera, points[left], slack, camera["working_px_per_m"])
        return found

    def seen_by_night(self, points, slack):
        """The same where lamps, sky and the camera's own light are enough."""
        found, lux = np.zeros(len(points), bool), None
        for camera in self.cameras:
            left = np.flatnonzero(~found)
            if not len(left):
                break
            shown = left[self.shown(camera, points[left], slack, camera["working_px_per_m"])]
            own = np.array([self.light_of_its_own(camera, at, slack) for at in points[shown]])
            bright = own >= camera["min_lux"] * (1 - slack * LIGHT)
            if not bright.all():
                lux = self.lux(points, slack) if lux is None else lux
                bright = own + lux[shown] >= camera["min_lux"] * (1 - slack * LIGHT)
            found[shown] = bright
        return found

    def outward(self, at):
        """Out of the nearest compound."""
        if not self.outlines:
            return None
        return grows(min(self.outlines, key=lambda o: o.exterior.distance(Point(at))), at)

    def chests(self, ground, step):
        """Chests of people who stand on some ground, on a grid."""
        if ground.is_empty:
            return np.empty((0, 3))
        west, south, east, north = ground.bounds
        x, y = (g.ravel() for g in np.meshgrid(np.arange(west, east, step), np.arange(south, north, step)))
        inside = shapely.contains_xy(ground, x, y)
        return np.column_stack([x[inside], y[inside], np.full(inside.sum(), CHEST)])

    def hung_too_close(self):
        """A lens or a lamp closer to a surface than its mount: which side it is on is a matter of taste."""
        things = [b["shape"].exterior for b in self.buildings.values()] + [w["shape"] for w in self.walls]
        hung = [c["at_m"] for c in self.cameras + self.kit["facade_camera"]] + [lamp[:2] for lamp in self.lamps]
        return any(Point(at).distance(t) < 0.06 for at in hung for t in things)

    # Light.

    def lux(self, points, slack):
        """By night, on a small upright cylinder: the sky, and each lamp that is not hidden.

        A lamp spreads its flux evenly over the half space below it, and the mantle of a cylinder gets the horizontal part
        of the beam, spread over pi times its width.
        """
        total = np.full(len(points), SKY)
        for *at, flux in self.lamps:
            way = points - at
            far = np.linalg.norm(way, axis=1)
            beam = np.where(way[:, 2] < 0, flux / (2 * np.pi) / far**2, 0.0)
            given = beam * np.hypot(way[:, 0], way[:, 1]) / far / np.pi
            where = np.flatnonzero(given > 0.01)
            if len(where):
                total[where] += given[where] * self.clear(np.array(at), points[where], slack, bars=False)
        return total

    def monitored(self, camera, slack):
        """Chests of people whom a camera shows at its working density, on a grid of a metre or less."""
        shapes = [*self.outlines, *(b["shape"] for b in self.buildings.values()), *(w["shape"] for w in self.walls)]
        shapes += [a["shape"] for a in self.areas] + [Point(g["at"]) for g in self.gates]
        shapes += [Point(c["at_m"]) for c in self.cameras] + [Point(lamp[:2]) for lamp in self.lamps]
        west, south, east, north = shapely.total_bounds(shapes)
        (x, y), reach = camera["at_m"], camera["range_m"]
        step = 0.5 if reach < 30 else 1.0
        east_of = np.arange(max(west - MARGIN, x - reach), min(east + MARGIN, x + reach), step)
        north_of = np.arange(max(south - MARGIN, y - reach), min(north + MARGIN, y + reach), step)
        grid = np.array([g.ravel() for g in np.meshgrid(east_of, north_of)]).T
        points = np.column_stack([grid, np.full(len(grid), CHEST)])
        points = points[self.on_picture(camera, points, slack)]
        roofs = shapely.union_all([b["shape"] for b in self.buildings.values()])
        points = points[~shapely.contains_xy(roofs, points[:, 0], points[:, 1])]
        points = points[self.shown(camera, points, slack, camera["working_px_per_m"])]
        if slack == 0 and 0 < len(points) * step**2 < 20:
            raise Close
        return points

    def light_of_its_own(self, camera, point, slack):
        """What a camera's own light, just enough at its reach, counts for at a point, lx."""
        far = max(np.linalg.norm(point - np.array([*camera["at_m"], camera["height_m"]])), 0.1)
        return camera["min_lux"] * ((camera["ir_range_m"] + slack * LENGTH) / far) ** 2

    def windows(self):
        """Windows of dwellings: the block, the storey, which way they look, points on the glass, and the area of each."""
        across, up = np.meshgrid((np.arange(9) + 0.5) / 9 - 0.5, (np.arange(8) + 0.5) / 8)
        for block in (b for b in self.buildings.values() if b["usage"] == "residential"):
            storey = block["height_m"] / block["storeys"]
            tall = min(TALL, storey - SILL - LINTEL)
            ring = shapely.get_coordinates(shapely.geometry.polygon.orient(block["shape"]).exterior)
            for a, b in zip(ring, ring[1:]) if tall > 0 else ():
                way, count = unit(a, b), int(np.hypot(*(b - a)) // PITCH)
                outward = np.array([way[1], -way[0]])
                for n, floor in itertools.product(range(count), range(block["storeys"])):
                    foot = a + (b - a) * (n + 0.5) / count + GLASS * outward
                    flat = foot + np.outer(across.ravel() * WIDE, way)
                    heights = floor * storey + SILL + up.ravel() * tall
                    yield block["id"], floor + 1, outward, np.column_stack([flat, heights]), WIDE * tall / across.size

    # Places.

    def doorstep(self, entrance):
        """A step out of the house, and that way."""
        way = grows(self.buildings[entrance["building"]]["shape"], entrance["at"])
        return tuple(entrance["at"] + way * BEFORE_DOOR), way

    def ways_in(self, house):
        """Points of which one must be seen: before each door, each by itself; without a door in the data, before a side."""
        doors = [e for e in self.entrances if e["building"] == house["id"]]
        if doors:
            return [[self.doorstep(e)[0]] for e in doors]
        middles = [side.interpolate(0.5, normalized=True) for side in pieces(house["shape"].exterior)]
        return [[(m.x, m.y) + grows(house["shape"], (m.x, m.y)) * BEFORE_DOOR for m in middles]]

    def gateway(self, gate):
        at = Point(gate["at"])
        walls = [w["shape"] for w in self.walls if w["perimeter"] and w["shape"].distance(at) <= gate["width_m"]]
        if not walls:
            return gate["at"], None
        east, north = along(min(walls, key=lambda w: w.distance(at)), gate["at"])
        return gate["at"], np.array([north, -east])


def pieces(line):
    corners = list(line.coords)
    return [LineString(pair) for pair in zip(corners, corners[1:])]


def longer(line, by):
    """A line that goes on straight at both ends, or stops short of them."""
    if by <= 0:
        return shapely.ops.substring(line, -by, line.length + by)
    points = shapely.get_coordinates(line)
    return LineString([points[0] - by * unit(*points[:2]), *points[1:-1], points[-1] + by * unit(*points[-2:])])


def parts(shape):
    return [p for p in getattr(shape, "geoms", [shape]) if not p.is_empty and p.length > 0]


def long(beam):
    return float(np.hypot(*np.subtract(beam["to_m"], beam["from_m"])))


# Rules. Each takes the layout, its check from the book and the slack, and returns whether it holds and why; nothing when
# there is nothing that it is about.


def perimeter_continuous(layout, _, slack):
    if not layout.rim:
        return None
    give = slack * LENGTH
    sound = [b for b in layout.kit["beam"] if long(b) <= b["rated_range_m"] + give and abs(b["misaligned_deg"]) <= LOST]
    opened = layout.openings(give)
    left = unheld_gates(layout, sound, slack)
    for wall in layout.rim:
        guards = over(sound, wall["height_m"], give)
        guarded = beside_zones(pieces(wall["shape"]), guards, slack)
        for rest in parts(shapely.line_merge(wall["shape"].difference(opened).difference(guarded))):
            beside = guarded.distance(rest) < 1e-5
            if rest.length <= 1e-4 or (rest.length <= POST + give and beside):
                continue
            if rest.length <= CORNER + give and beside and closed_corner(layout, rest, guards, sound):
                continue
            left.append(f"{wall['id']}: {rest.length:.2f} m")
    left += bare_outline(layout, slack)
    return not left, "; ".join(left) or "closed"


def over(sound, top, give):
    """All rays must be broken at once: the lowest must clear what is below, and the highest decides what passes under."""
    return [b for b in sound if min(b["rays_m"]) > top - give and max(b["rays_m"]) <= top + UNDER + give]


def beside_zones(sides, zones, slack):
    """The parts of straight pieces along which zones run."""
    covered = []
    for side, b in itertools.product(sides, zones):
        turn = between(np.subtract(*side.coords), np.subtract(b["to_m"], b["from_m"]))
        if min(turn, 180 - turn) <= BEND + slack * ANGLE:
            # Rounding of a shared end must not cut a zone short by itself.
            reach = LineString([b["from_m"], b["to_m"]]).buffer(ASIDE + slack * LENGTH, cap_style="flat").buffer(1e-9)
            covered.append(side.intersection(reach))
    return shapely.union_all(covered).buffer(1e-6)


def unheld_gates(layout, sound, slack):
    """Gates where at some hour nobody stands, as far as no zone runs over the shut leaf: a stretch of the wall that they
    open, or, between the ends of walls, some way across."""
    give, left = slack * LENGTH, []
    for gate in layout.alone:
        leaf = Point(gate["at"]).buffer(max(gate["width_m"] / 2 - give, 0), 64)
        attended = layout.openings(give, [g for g in layout.gates if g not in layout.alone])
        zones = [] if gate["height_m"] is None else over(sound, gate["height_m"], give)
        for wall in layout.rim:
            guarded = beside_zones(pieces(wall["shape"]), zones, slack)
            open_ = wall["shape"].intersection(leaf).difference(attended).difference(guarded).length
            if open_ > 1e-4:
                left.append(f"{gate['id']}: {open_:.2f} m, nobody there")
        bare = bare_outline(layout, slack)
        if bare or not bare_outline(layout, slack, uncut=gate):
            continue
        # Something is open without it though the walls are whole: it stands between their ends.
        lines = [LineString([b["from_m"], b["to_m"]]) for b in zones]
        if any(line.intersects(leaf) for line in lines):
            raise Close("leaf")
        left.append(f"{gate['id']}: nobody there, between walls")
    return left


def closed_corner(layout, rest, guards, sound):
    """Two zones that leave different ways from one post at the corner which the rest goes round."""
    ends = [Point(w["shape"].coords[i]) for w in layout.rim for i in (0, -1)]
    corners = [Point(c) for w in layout.rim for c in w["shape"].coords[1:-1]]
    corners += [end for end in ends if sum(end.distance(other) < ASIDE for other in ends) > 1]
    corners = [c for c in corners if rest.distance(c) < 1e-5]
    for a in guards:
        for b in sound:
            for i, j in ((i, j) for i in (0, 1) for j in (0, 1)):
                ends = [(a["from_m"], a["to_m"]), (b["from_m"], b["to_m"])]
                (here, there), (mine, far) = ends[0][:: 1 - 2 * i], ends[1][:: 1 - 2 * j]
                if a is not b and Point(here).distance(Point(mine)) <= POST:
                    turned = between(np.subtract(there, here), np.subtract(far, mine)) > BEND
                    if turned and any(c.distance(Point(here)) <= CORNER for c in corners):
                        return True
    return False


def bare_outline(layout, slack, uncut=None):
    """Where a body walks in: free ground that leads from outside of the outline to the middle of the compound.

    Everything that bars the way is widened by half a body; what then hangs together and is nowhere near the outline bars
    nothing. Without a gate, the walls that it opens are whole.
    """
    give = slack * LENGTH
    rim = shapely.union_all([w["shape"] for w in layout.rim])
    sides = shapely.union_all([o.exterior for o in layout.outlines])

    def stands_there(shape):
        return shape.distance(rim) <= BODY + give or shape.distance(sides) <= FACADE_OFF + give

    cutting = [g for g in layout.gates if g is not uncut]
    gates = [Point(g["at"]).buffer(g["width_m"] / 2 + PIER + give, 64) for g in cutting]
    bars = [rim.difference(layout.openings(0.0, cutting)), *filter(stands_there, gates)]
    bars += filter(stands_there, (b["shape"] for b in layout.buildings.values()))
    solids = parts(shapely.union_all([shape.buffer((BODY + give) / 2, 64) for shape in bars]))
    found = []
    for outline in layout.outlines:
        middle = outline.area / outline.length + give
        reach = min(OFF_OUTLINE + give, middle)
        near = shapely.union_all(bars).intersection(outline.buffer(reach).difference(outline.buffer(-reach)))
        barred = shapely.union_all([solid for solid in solids if solid.intersects(near)])
        outer, inner = outline.buffer(middle), outline.buffer(-middle)
        for free in parts(outer.difference(inner).difference(barred)):
            if free.distance(outer.exterior) < 1e-6 and free.distance(inner.boundary) < 1e-6:
                there = free.representative_point()
                found.append(f"a way in near {there.x:.1f}, {there.y:.1f}")
    return found


def zone_length(layout, check, slack):
    give, beams = slack * LENGTH, layout.kit["beam"]
    wrong = [b for b in beams if long(b) > min([check["most_m"]] + [b["rated_range_m"]] * check.get("within_range", False)) + give]
    return (not wrong, "; ".join(f"{b['id']}: {long(b):.2f} m" for b in wrong)) if beams else None


def beam_margin(layout, check, slack):
    beams = layout.kit["beam"]
    wrong = [b for b in beams if long(b) > check["most_share"] * b["rated_range_m"] + slack * LENGTH]
    return (not wrong, "; ".join(f"{b['id']}: {long(b) / b['rated_range_m']:.3f}" for b in wrong)) if beams else None


def zone_seen(layout, _, slack):
    beams, worst = layout.kit["beam"], (0.0, "")
    for b in beams:
        steps = 6 * max(1, int(np.ceil(2 * long(b))))
        t = np.arange(1, steps) / steps
        at = np.outer(1 - t, b["from_m"]) + np.outer(t, b["to_m"])
        points = np.column_stack([at, np.full(len(t), min(b["rays_m"]))])
        blind = float((~layout.seen(points, slack)).mean() * long(b))
        worst = max(worst, (blind, b["id"]))
    if 0 < worst[0] < 0.5 and slack == 0:
        raise Close("patch")
    return (worst[0] == 0, f"{worst[0]:.2f} m of {worst[1]} unseen") if beams else None


def beam_on_top(layout, check, slack):
    give, tops = slack * LENGTH, {w["id"]: w["height_m"] for w in layout.walls}
    # What stands on no wall is on top of nothing.
    ups = {b["id"]: min(b["rays_m"]) - tops.get(b["wall"], np.inf) for b in layout.kit["beam"]}
    wrong = [f"{k}: {up:.3f} m" for k, up in ups.items() if not -give <= up <= check["most_above_m"] + give]
    return (not wrong, "; ".join(wrong)) if layout.kit["beam"] else None


def beam_at_edge(layout, check, slack):
    """How far each end of a zone is from the nearest wall, towards the middle of the compound or away from it."""
    beams, wrong = layout.kit["beam"], []
    outside, inside = (check[k] + slack * LENGTH for k in ("most_outside_m", "most_inside_m"))
    walls = shapely.union_all([w["shape"] for w in layout.rim])
    for name, end in ((b["id"], Point(b[k])) for b in beams for k in ("from_m", "to_m")):
        away = end.distance(walls) if layout.rim else np.inf
        if away <= min(outside, inside):
            continue
        if away <= max(outside, inside) and layout.outlines:
            # Which side it is on decides: the middle of a compound without dents is inside of every wall.
            foot = shapely.ops.nearest_points(walls, end)[0]
            home = min(layout.outlines, key=lambda o: o.exterior.distance(foot)).centroid
            step, home = (np.subtract(to.coords[0], foot.coords[0]) for to in (end, home))
            if abs(step @ home) < 0.1 * np.hypot(*step) * np.hypot(*home):
                raise Close("side")
            if away <= (inside if step @ home > 0 else outside):
                continue
        wrong.append(f"{name}: {away:.3f} m")
    return (not wrong, "; ".join(wrong)) if beams else None


def barrier_height(layout, check, slack):
    low = [w for w in layout.rim if w["height_m"] < check["least_m"] - slack * LENGTH]
    return (not low, "; ".join(f"{w['id']}: {w['height_m']:.2f} m" for w in low)) if layout.rim else None


def bar_gap(layout, check, slack):
    fences = [w for w in layout.rim if w["made_of"] == "fence"]
    known = [w["bar_gap_m"] for w in fences if w["bar_gap_m"] is not None]
    widest = max(known, default=0.0)
    # A millimetre decides about bars, not a centimetre.
    if not fences or (len(known) < len(fences) and widest <= check["most_m"]):
        return None
    return widest <= check["most_m"] + slack * 1e-3, f"{widest:.3f} m"


def rail_height(layout, check, slack):
    fences = [w for w in layout.rim if w["made_of"] == "fence"]
    known = [w["lowest_rail_m"] for w in fences if w["lowest_rail_m"] is not None]
    lowest = min(known, default=np.inf)
    if not fences or (len(known) < len(fences) and lowest >= check["least_m"]):
        return None
    return bool(lowest >= check["least_m"] - slack * LENGTH), f"{lowest:.2f} m"


def barrier_closed(layout, _, slack):
    open_ = bare_outline(layout, slack)
    return (not open_, "; ".join(open_)) if layout.rim and layout.outlines else None


def door_strength(layout, _, slack):
    """A gate where at some hour nobody stands: a leaf as high as the wall that it opens, which holds for as long. Where only
    guards stand whose hours nobody says, a weak leaf cannot be judged."""
    weak, unknown = [], False
    for gate in layout.alone + layout.unsaid:
        ways = [(w["shape"].distance(Point(gate["at"])), w) for w in layout.rim]
        near = sorted((way for way in ways if way[0] <= gate["width_m"]), key=lambda way: way[0])
        if len(near) > 1 and near[1][0] - near[0][0] < 2 * LENGTH:
            raise Close("side")
        # Whether it stands in a wall at all is a matter of length.
        if any(abs(way - gate["width_m"]) < 2 * LENGTH for way, _ in ways):
            raise Close("m")
        if not near:
            continue
        wall = near[0][1]
        low = gate["height_m"] is not None and gate["height_m"] < wall["height_m"] - slack * LENGTH
        holds, around = gate["delay_s"], wall["delay_s"]
        soft = low or (None not in (holds, around) and holds < around * (1 - slack * DENSITY))
        if soft and gate in layout.unsaid:
            unknown = True
        elif soft:
            weak.append(f"{gate['id']}: {gate['height_m']} m, {holds} s; {wall['height_m']} m, {around} s")
        unknown |= None in (gate["height_m"], holds, around)
    if not layout.rim or (unknown and not weak):
        return None
    return not weak, "; ".join(weak)


def gate_cameras(layout, check, slack):
    """Cameras of their own for all lanes: any group of gates has no fewer cameras that look out through one of them than
    it has lanes (Hall)."""
    lanes, fit = [], []
    for gate in layout.gates:
        at = gate["at"]
        outward = layout.outward(at)
        barriers = sum(b["gate"] == gate["id"] for b in layout.kit["barrier"])
        lanes.append((gate["passage"] != "vehicles") + (0 if gate["passage"] == "pedestrians" else max(1, barriers)))
        fit.append(set())
        for camera in layout.cameras:
            near = np.hypot(*np.subtract(camera["at_m"], at)) <= check["near_m"] + slack * LENGTH
            out = outward is None or between(bearing(camera["bearing_deg"]), outward) < 90 + slack * ANGLE
            if near and out and layout.seen([[*at, CHEST]], slack, [camera])[0]:
                fit[-1].add(camera["id"])
    numbers = range(len(lanes))
    groups = itertools.chain.from_iterable(itertools.combinations(numbers, n) for n in numbers)
    groups = [*groups, tuple(numbers)]
    short = max(sum(lanes[i] for i in g) - len(set().union(*(fit[i] for i in g))) for g in groups)
    return (short <= 0, f"{short} cameras short") if layout.gates else None


def gate_density(layout, check, slack):
    return across_gates(layout, check["least_px_per_m"], 1.0, slack)


def face_width(layout, check, slack):
    return across_gates(layout, check["least_px"], check["face_m"], slack)


def across_gates(layout, least, wide, slack):
    gates = [g for g in layout.gates if g["passage"] != "vehicles"]
    best = {}
    for gate in gates:
        point = np.array([[*gate["at"], CHEST]])
        lux = layout.lux(point, slack)[0] * (1 + slack * LIGHT)
        bright = [c for c in layout.cameras if lux + layout.light_of_its_own(c, point[0], slack) >= c["min_lux"]]
        shown = [c for c in bright if layout.shown(c, point, slack)[0]]
        best[gate["id"]] = wide * max((float(layout.density(c, point)[0]) for c in shown), default=0.0)
    poor = {k: px for k, px in best.items() if px < least * (1 - slack * DENSITY)}
    return (not poor, "; ".join(f"{k}: {px:.1f} px" for k, px in poor.items())) if gates else None


def entrances_seen(layout, _, slack):
    if not layout.entrances:
        return None
    steps = [[*layout.doorstep(e)[0], CHEST] for e in layout.entrances]
    unseen = [e["id"] for e, seen in zip(layout.entrances, layout.seen(steps, slack)) if not seen]
    known = {e["building"] for e in layout.entrances}
    if not unseen and any(b["usage"] == "residential" and b["id"] not in known for b in layout.buildings.values()):
        return None
    return not unseen, "; ".join(unseen)


def garages_seen(layout, _, slack):
    houses = [b for b in layout.buildings.values() if b["usage"] in ("garage_entrance", "charging_shed")]
    blind = [h["id"] for h in houses if not seen_ways_in(layout, h, slack, layout.seen).all()]
    return (not blind, "; ".join(blind)) if houses else None


def seen_ways_in(layout, house, slack, seen):
    """Of each way in whether one of its points is seen."""
    chests = [np.array([[*at, CHEST] for at in points]) for points in layout.ways_in(house)]
    return np.array([seen(points, slack).any() for points in chests])


def areas_seen(layout, _, slack):
    areas = [a for a in layout.areas if a["ground"] in ("plaza", "parking", "playground")]
    roofs = shapely.union_all([b["shape"] for b in layout.buildings.values()])
    worst = (0.0, "")
    for area in areas:
        ground = area["shape"].difference(roofs)
        points = layout.chests(ground, 0.25)
        unseen = float((~layout.seen(points, slack)).sum()) * 0.0625 if len(points) else 0.0
        worst = max(worst, (unseen, area["id"]))
    if 0 < worst[0] < 2 and slack == 0:
        raise Close
    return (worst[0] == 0, f"{worst[0]:.1f} m² of {worst[1]} unseen") if areas else None


def places_seen(layout, check, slack):
    """Gates, the ground outside, doors of garages and plant rooms, whoever is on a wall; by night open ground, too."""
    night, groups = check["by_night"], {}
    for gate in layout.gates:
        groups[gate["id"]] = [[*gate["at"], CHEST]]
        if (way := layout.outward(gate["at"])) is not None:
            groups[f"outside {gate['id']}"] = [[*(gate["at"] + way * check["outside_m"]), CHEST]]
    blind = []
    for house in (b for b in layout.buildings.values() if b["usage"] in ("garage_entrance", "plant")):
        if not seen_ways_in(layout, house, slack, layout.seen_by_night if night else layout.seen).all():
            blind.append(f"{house['id']}: a way in")
    opened = layout.openings(-slack * LENGTH)
    for wall in layout.rim:
        standing = wall["shape"].difference(opened)
        on = [part.interpolate(at) for part in parts(standing) for at in np.arange(0.25, part.length, 0.5)]
        groups[wall["id"]] = [[p.x, p.y, wall["height_m"] + check["above_wall_m"]] for p in on]
    if night:
        roofs = shapely.union_all([b["shape"] for b in layout.buildings.values()])
        for area in (a for a in layout.areas if a["ground"] in ("plaza", "parking", "playground")):
            groups[area["id"]] = layout.chests(area["shape"].difference(roofs), 0.5)
    for name, points in groups.items():
        points = np.asarray(points, float).reshape(-1, 3)
        unseen = ~layout.seen_by_night(points, slack) if night else ~layout.seen(points, slack)
        if not unseen.any():
            continue
        if slack == 0 and len(points) > 1 and unseen.sum() < 4:
            raise Close
        blind.append(f"{name}: {1 - unseen.mean():.2f}")
    return (not blind, "; ".join(blind)) if layout.cameras and groups else None


def high_point(layout, check, slack):
    """A camera that zooms on a high point of a large compound. None of the layouts has three thousand households."""
    if sum(o.area - slack * LENGTH * o.length for o in layout.outlines) < check["from_m2"]:
        return None
    high = [c["focal"] for c in layout.cameras if c["height_m"] >= check["least_height_m"] - slack * LENGTH]
    if not layout.cameras or (None in high and "zoom" not in high):
        return None
    return "zoom" in high, f"{high.count('zoom')} cameras"


def aimed(layout, check, slack):
    """Fixed cameras with where they aim and which way people walk there: at an entrance the nearest gate or door that it
    shows, at a passage the path that its axis meets or else the same, of the perimeter where the axis points."""
    places = [layout.gateway(g) for g in layout.gates] + [layout.doorstep(e) for e in layout.entrances]
    for camera in (c for c in layout.cameras if c["focal"] != "zoom" and c["task"] != "area"):
        walk = path_ahead(layout, camera, check, slack) if camera["task"] == "passage" else None
        near = []
        for at, way in places if walk is None and camera["task"] in ("entrance", "passage") else ():
            away = float(np.hypot(*np.subtract(at, camera["at_m"])))
            point = np.array([[*at, CHEST]])
            if away <= check["within_m"] + slack * LENGTH and layout.on_picture(camera, point, slack)[0]:
                near.append((away, at, way))
        near.sort(key=lambda n: n[0])
        if len(near) > 1 and near[1][0] - near[0][0] < 2 * LENGTH:
            raise Close("side")
        if near:
            away, at, way = near[0]
            down = np.degrees(np.arctan2(camera["height_m"] - CHEST, away))
            yield camera["id"], down, None if way is None else between(np.subtract(at, camera["at_m"]), way)
        else:
            turn = None if walk is None else between(bearing(camera["bearing_deg"]), walk)
            yield camera["id"], camera["tilt_deg"], turn


def path_ahead(layout, camera, check, slack):
    """The way along the path on which a camera's axis meets chests."""
    drop = camera["height_m"] - CHEST
    if drop * camera["tilt_deg"] <= 0:
        return None
    at = camera["at_m"] + bearing(camera["bearing_deg"]) * drop / np.tan(np.radians(camera["tilt_deg"]))
    beside = check["beside_m"] + slack * LENGTH
    here = [p["shape"] for p in layout.paths if p["shape"].distance(Point(at)) <= p["width_m"] / 2 + beside]
    if not here or not layout.shown(camera, np.array([[*at, CHEST]]), slack)[0]:
        return None
    return along(min(here, key=lambda p: p.distance(Point(at))), at)


def aim_down(layout, check, slack):
    steep = {name: down for name, down, _ in aimed(layout, check, slack)}
    over = {k: deg for k, deg in steep.items() if deg > check["most_deg"] + slack * ANGLE}
    return (not over, "; ".join(f"{k}: {deg:.2f}°" for k, deg in over.items())) if steep else None


def aim_aside(layout, check, slack):
    turned = {name: min(turn, 180 - turn) for name, _, turn in aimed(layout, check, slack) if turn is not None}
    over = {k: deg for k, deg in turned.items() if deg > check["most_deg"] + slack * ANGLE}
    return (not over, "; ".join(f"{k}: {deg:.2f}°" for k, deg in over.items())) if turned else None


def lit(layout, check, slack):
    """Light in the monitored area, or else a light along the camera's axis that reaches far enough to be one."""
    dark = []
    for camera in layout.cameras:
        if camera["ir_range_m"] >= check["own_m"] - slack * LENGTH:
            continue
        points = layout.monitored(camera, slack)
        if len(points) and (mean := layout.lux(points, slack).mean()) < check["least_lx"] * (1 - slack * LIGHT):
            dark.append(f"{camera['id']}: {mean:.1f} lx")
    return (not dark, "; ".join(dark)) if layout.cameras else None


def scene_light(layout, check, slack):
    """Half of what a camera shows gets less than the middling light: the figure for its scene."""
    dark, asked = [], 0
    for camera in layout.cameras:
        demanded = check["over"] * camera["sensitivity_lux"] * (1 - slack * LIGHT)
        # No place is darker than the sky leaves it.
        if SKY > demanded:
            asked += 1
            continue
        points = layout.monitored(camera, slack)
        asked += len(points) > 0
        if len(points) and (lux := np.quantile(layout.lux(points, slack), 0.5 + slack * LIGHT)) <= demanded:
            dark.append(f"{camera['id']}: {lux:.3f} lx of {demanded:.3f}")
    return (not dark, "; ".join(dark)) if asked else None


def private_facade(layout, check, slack):
    windows, seen = list(layout.windows()), {}
    if windows:
        points = np.concatenate([glass for *_, glass, _ in windows])
        areas = np.repeat([area for *_, area in windows], [len(glass) for *_, glass, _ in windows])
        for camera in layout.cameras:
            seen[camera["id"]] = float(areas[layout.shown(camera, points, slack, check["from_px_per_m"])].sum())
    into = {k: area for k, area in seen.items() if area > check["most_m2"]}
    if slack == 0 and 0 < sum(into.values()) < 0.5:
        raise Close
    return (not into, "; ".join(f"{k}: {area:.2f} m²" for k, area in into.items())) if layout.cameras else None


def points_on_tours(layout, _, slack):
    points, tours = layout.kit["checkpoint"], layout.kit["guard_tour"]
    left = [p["id"] for p in points if not any(p["id"] in t["checkpoints"] for t in tours)]
    return (not left, "; ".join(left)) if points or tours else None


def facade_elevation(layout, check, slack):
    cameras, give = layout.kit["facade_camera"], slack * ANGLE
    wrong = [c for c in cameras if not check["from_deg"] - give <= c["elevation_deg"] <= check["to_deg"] + give]
    return (not wrong, "; ".join(f"{c['id']}: {c['elevation_deg']:.1f}°" for c in wrong)) if cameras else None


def facade_standoff(layout, check, slack):
    cameras, give = layout.kit["facade_camera"], slack * LENGTH
    ways = {c["id"]: Point(c["at_m"]).distance(layout.buildings[c["building"]]["shape"].exterior) for c in cameras}
    wrong = [f"{k}: {m:.2f} m" for k, m in ways.items() if not check["from_m"] - give <= m <= check["to_m"] + give]
    return (not wrong, "; ".join(wrong)) if cameras else None


def facade_faces(layout, check, slack):
    """Sides of each block's long axis from which one of its cameras looks across it."""
    cameras, few = layout.kit["facade_camera"], []
    for block in (b for b in layout.buildings.values() if b["usage"] == "residential"):
        middle, way = shapely.get_coordinates(block["shape"].centroid)[0], lies(block["shape"])
        axis, sides = LineString([middle - 1e5 * way, middle + 1e5 * way]), set()
        for c in (c for c in cameras if c["building"] == block["id"]):
            at = np.array(c["at_m"])
            if between(bearing(c["bearing_deg"]), way) < ANGLE or between(bearing(c["bearing_deg"]), -way) < ANGLE:
                raise Close("deg")
            if axis.distance(Point(at)) < LENGTH:
                raise Close("m")
            if LineString([at, at + 1e4 * bearing(c["bearing_deg"])]).intersects(axis):
                sides.add(bool(np.cross([*way, 0], [*(at - middle), 0])[2] > 0))
        if len(sides) < check["least"]:
            few.append(f"{block['id']}: {len(sides)} faces")
    return (not few, "; ".join(few)) if cameras else None


def facade_windows(layout, check, slack):
    """The middles of windows that look across their block, from a storey up, on the picture of one of its cameras."""
    cameras, asked = layout.kit["facade_camera"], {}
    for block, storey, outward, glass, _ in layout.windows():
        if storey >= check["from_storey"]:
            asked.setdefault(block, []).append((outward, glass.mean(axis=0)))
    blind = []
    for name, windows in asked.items():
        way = lies(layout.buildings[name]["shape"])
        points = np.array([at for outward, at in windows if abs(outward @ way) < np.sqrt(0.5)])
        seen = np.zeros(len(points), bool)
        for c in (c for c in cameras if c["building"] == name) if len(points) else ():
            seen |= layout.shown(dict(c, tilt_deg=-c["elevation_deg"], range_m=np.inf), points, slack)
        if not seen.all():
            blind.append(f"{name}: {seen.mean():.2f}")
    return (not blind, "; ".join(blind)) if cameras else None


JUDGES = {
    f.__name__: f
    for f in (
        perimeter_continuous, zone_length, beam_margin, zone_seen, beam_on_top, beam_at_edge, barrier_height, bar_gap, rail_height,
        barrier_closed, door_strength, gate_cameras, places_seen, high_point,
        gate_density, face_width, entrances_seen, garages_seen, areas_seen, aim_down, aim_aside, lit, scene_light, private_facade,
        points_on_tours, facade_elevation, facade_standoff, facade_faces, facade_windows,
    )
}


# Questions about sight that take long, with the slack under which each is the hardest to meet: who meets that meets all.
HARDEST = {"zone_seen": -1, "entrances_seen": -1, "garages_seen": -1, "areas_seen": -1, "places_seen": -1, "private_facade": 1}


def asked(layout, name, check):
    """What a judge says, and whether it says the same more strictly and more leniently."""
    hardest = JUDGES[name](layout, check, HARDEST[name]) if name in HARDEST else None
    if hardest is not None and hardest[0]:
        return hardest, True
    said = [JUDGES[name](layout, check, slack) for slack in (0, -1, 1)]
    return said[0], len({None if s is None else s[0] for s in said}) == 1


def decides(given, name, check):
    """Which quantity alone turns a judge's answer; all of them where none does alone."""
    global LENGTH, ANGLE, DENSITY, LIGHT
    found = []
    for quantity, give in GIVE.items():
        LENGTH, ANGLE, DENSITY, LIGHT = (give if q == quantity else 0.0 for q in GIVE)
        try:
            sure = asked(Layout(given), name, check)[1]
        except Close:
            sure = False
        found += [] if sure else [quantity]
    LENGTH, ANGLE, DENSITY, LIGHT = GIVE.values()
    return "+".join(found or GIVE)


def answer(given, book):
    layout, close, rules = Layout(given), [], {}
    if layout.hung_too_close():
        close.append(("lens", "m"))
    for rule in book["rule"]:
        (name, check), *_ = rule["check"].items()
        if name not in JUDGES or not isinstance(check, dict):
            continue
        try:
            told, sure = asked(layout, name, check)
        except Close as why:
            close.append((rule["id"], why.what))
            continue
        if not sure:
            close.append((rule["id"], decides(given, name, check)))
        if told is not None:
            rules[rule["id"]] = {"holds": bool(told[0]), "figure": told[1]}
    return {"close": close, "rules": rules}


book = data("rules/residential.toml")
for line in sys.stdin.read().splitlines():
    print(json.dumps(answer(json.loads(line), book)))
