//! Words of the window in English and Chinese.

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
