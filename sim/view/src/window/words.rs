//! Words of the window in English and Chinese.

use palisade_sim::contract::{Class, IncidentKind, Nuisance};
use palisade_sim::model::site::{Use, WallKind};
use palisade_sim::twin::frame::Role;

use super::rig::Mode;

/// A language of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// 中文.
    Chinese,
}

impl Language {
    /// The other one.
    pub fn other(self) -> Language {
        match self {
            Language::English => Language::Chinese,
            Language::Chinese => Language::English,
        }
    }

    /// From the environment's locale, such as `zh_CN.UTF-8`.
    pub fn of_locale(locale: &str) -> Language {
        if locale.starts_with("zh") { Language::Chinese } else { Language::English }
    }

    /// One of two texts.
    pub fn pick(self, english: &'static str, chinese: &'static str) -> &'static str {
        match self {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }
}

/// Who somebody is.
pub fn role(role: Role, language: Language) -> &'static str {
    let (english, chinese) = match role {
        Role::Resident => ("resident", "业主"),
        Role::Visitor => ("visitor", "访客"),
        Role::Courier => ("courier", "快递员"),
        Role::Staff => ("staff", "物业人员"),
        Role::Guard => ("guard", "保安员"),
        Role::Intruder => ("intruder", "入侵者"),
        Role::Vehicle => ("vehicle", "车辆"),
        Role::Bike => ("e-bike", "电动车"),
        Role::Object => ("thrown object", "抛落物"),
    };
    language.pick(english, chinese)
}

/// What happens.
pub fn incident(kind: IncidentKind, language: Language) -> &'static str {
    let (english, chinese) = match kind {
        IncidentKind::Trip => ("trip", "出行"),
        IncidentKind::VehicleTrip => ("vehicle trip", "车辆出入"),
        IncidentKind::GateVisit => ("visit at the gate", "门岗来访"),
        IncidentKind::Tailgating => ("tailgating", "尾随进入"),
        IncidentKind::PiggyBacking => ("piggy-backing", "跟车闯杆"),
        IncidentKind::DoorCall => ("door call", "楼寓对讲呼叫"),
        IncidentKind::Tour => ("guard tour", "巡更"),
        IncidentKind::TourDeviation => ("tour deviation", "巡更异常"),
        IncidentKind::PostRelief => ("relief of a post", "岗位交接"),
        IncidentKind::Charging => ("charging", "充电"),
        IncidentKind::IllegalCharging => ("illegal charging", "违规充电"),
        IncidentKind::Fire => ("fire", "火灾"),
        IncidentKind::Intrusion => ("intrusion", "越界入侵"),
        IncidentKind::Theft => ("theft", "盗窃"),
        IncidentKind::ThrownObject => ("thrown object", "高空抛物"),
        IncidentKind::Litter => ("litter", "乱丢垃圾"),
        IncidentKind::FireInspection => ("fire inspection", "消防检查"),
        IncidentKind::FireResponse => ("fire response", "火警处置"),
        IncidentKind::Dispatch => ("dispatch", "派遣"),
        IncidentKind::AlarmHandling => ("alarm handling", "接警处理"),
        IncidentKind::Emergency => ("emergency", "紧急求助"),
        IncidentKind::CellRound => ("round of a cell", "网格巡查"),
    };
    language.pick(english, chinese)
}

/// What a device is.
pub fn class(class: Class, language: Language) -> &'static str {
    let (english, chinese) = match class {
        Class::GatePost => ("gate post", "门卫岗终端"),
        Class::Barrier => ("barrier", "车辆道闸"),
        Class::OuterPost => ("outer post", "外围岗终端"),
        Class::Checkpoint => ("checkpoint", "巡更点"),
        Class::FireStation => ("fire station", "微型消防站"),
        Class::Charger => ("charger", "充电桩组"),
        Class::Intercom => ("intercom", "楼寓对讲"),
        Class::Beam => ("beam", "主动红外对射"),
        Class::Camera => ("camera", "摄像机"),
        Class::FacadeCamera => ("facade camera", "高空抛物摄像机"),
        Class::SmokeDetector => ("smoke detector", "感烟探测器"),
        Class::HeatDetector => ("heat detector", "感温探测器"),
        Class::GuardRadio => ("guard radio", "保安对讲机"),
        Class::DutyRoom => ("duty room", "值班室终端"),
    };
    language.pick(english, chinese)
}

/// What fooled a device.
pub fn nuisance(nuisance: Nuisance, language: Language) -> &'static str {
    let (english, chinese) = match nuisance {
        Nuisance::Bird => ("bird", "飞鸟"),
        Nuisance::Branch => ("branch", "树枝"),
        Nuisance::Rain => ("rain", "雨雾"),
        Nuisance::LowSun => ("low sun", "低角度阳光"),
        Nuisance::Drift => ("drift", "对准漂移"),
        Nuisance::Animal => ("animal", "猫狗"),
        Nuisance::Steam => ("steam", "水汽"),
        Nuisance::Fault => ("fault", "设备故障"),
    };
    language.pick(english, chinese)
}

/// What a wall is made of.
pub fn wall(kind: WallKind, language: Language) -> &'static str {
    let (english, chinese) = match kind {
        WallKind::Wall => ("masonry", "砖墙"),
        WallKind::Fence => ("fence", "栅栏"),
        WallKind::Hedge => ("hedge", "绿篱"),
        WallKind::Retaining => ("retaining wall", "挡土墙"),
    };
    language.pick(english, chinese)
}

/// What a building is for.
pub fn usage(usage: Use, language: Language) -> &'static str {
    let (english, chinese) = match usage {
        Use::Residential => ("flats", "住宅"),
        Use::Service => ("service", "配套用房"),
        Use::GateHouse => ("gate house", "门卫室"),
        Use::ChargingShed => ("charging shed", "充电棚"),
        Use::GarageEntrance => ("garage entrance", "车库入口"),
        Use::Plant => ("plant", "设备用房"),
        Use::Other => ("other", "其他"),
    };
    language.pick(english, chinese)
}

/// How the eye moves.
pub fn mode(mode: &Mode, language: Language) -> &'static str {
    let chinese = match mode {
        Mode::Orbit => "环绕",
        Mode::Walk => "步行",
        Mode::Fly => "飞行",
        Mode::Follow(_) => "跟随",
        Mode::Through(_) => "摄像机视角",
    };
    language.pick(mode.word(), chinese)
}

/// Keys and what they do: key, English, Chinese.
pub const KEYS: [(&str, &str, &str); 22] = [
    ("F1", "this help", "帮助"),
    ("F2", "English / 中文", "中文 / English"),
    ("F12", "save the picture into the run's folder", "截图保存到运行文件夹"),
    ("Space", "play, pause", "播放 / 暂停"),
    ("+  −", "faster, slower: 0.1× to 1000×", "加速 / 减速：0.1× 至 1000×"),
    ("←  →", "10 s back, on (Shift: 10 min)", "后退 / 前进 10 秒（Shift：10 分钟）"),
    ("N", "next incident that matters (Shift: the one before)", "下一重要事件（Shift：上一个）"),
    ("M", "next missed alarm (Shift: the one before)", "下一漏报（Shift：上一个）"),
    ("1", "orbit: left drag turns, right drag shifts, wheel nears", "环绕：左键旋转，右键平移，滚轮缩放"),
    (
        "2",
        "walk at eye height: W A S D, drag looks, Shift runs",
        "步行（视线高度）：W A S D，拖动转头，Shift 快走",
    ),
    ("3", "fly: W A S D, Q down, E up", "飞行：W A S D，Q 下 E 上"),
    ("F", "follow whoever is selected", "跟随所选人员"),
    ("Home", "the whole compound", "全景"),
    ("Click", "what is it? last messages, latency", "点击查看：对象、最近消息、延迟"),
    ("Esc", "select nothing, close help", "取消选择 / 关闭帮助"),
    ("C", "coverage and gaps", "监控覆盖与盲区"),
    ("V", "sight cones of cameras", "摄像机视锥"),
    ("B", "rays of beams", "红外对射光束"),
    ("T", "guard tours", "巡更路线"),
    ("L", "devices' latency as colour", "设备延迟着色"),
    ("G", "trees on, off", "树木显示"),
    ("P", "camera of the kit that is selected: look through it", "通过所选摄像机观看"),
];
