//! Works behind what is in a result beside its network: reference forecasts, rivals and scores.

use crate::card::Citation;

/// Lagrangian persistence.
pub const GERMANN: Citation = Citation {
    key: "germann2002scale",
    bibtex: "@article{germann2002scale,\n  author  = {Germann, Urs and Zawadzki, Isztar},\n  title   = {Scale-Dependence of the Predictability of Precipitation from Continental Radar Images. {Part} {I}: Description of the Methodology},\n  journal = {Monthly Weather Review},\n  year    = {2002},\n  volume  = {130},\n  number  = {12},\n  pages   = {2859--2873},\n  doi     = {10.1175/1520-0493(2002)130<2859:SDOTPO>2.0.CO;2}\n}\n",
    text: "U. Germann and I. Zawadzki: Scale-Dependence of the Predictability of Precipitation from Continental Radar Images. Part I. Mon. Weather Rev. 130, 2002",
    url: "https://doi.org/10.1175/1520-0493(2002)130%3C2859:SDOTPO%3E2.0.CO;2",
};

/// Motion of rain.
pub const LUCAS: Citation = Citation {
    key: "lucas1981iterative",
    bibtex: "@inproceedings{lucas1981iterative,\n  author    = {Lucas, Bruce D. and Kanade, Takeo},\n  title     = {An Iterative Image Registration Technique with an Application to Stereo Vision},\n  booktitle = {Proceedings of the 7th International Joint Conference on Artificial Intelligence (IJCAI)},\n  year      = {1981},\n  pages     = {674--679}\n}\n",
    text: "B. D. Lucas and T. Kanade: An Iterative Image Registration Technique with an Application to Stereo Vision. IJCAI 1981",
    url: "https://www.ijcai.org/Proceedings/1981-2",
};

/// S-PROG.
pub const SEED: Citation = Citation {
    key: "seed2003dynamic",
    bibtex: "@article{seed2003dynamic,\n  author  = {Seed, A. W.},\n  title   = {A Dynamic and Spatial Scaling Approach to Advection Forecasting},\n  journal = {Journal of Applied Meteorology},\n  year    = {2003},\n  volume  = {42},\n  number  = {3},\n  pages   = {381--388},\n  doi     = {10.1175/1520-0450(2003)042<0381:ADASSA>2.0.CO;2}\n}\n",
    text: "A. W. Seed: A Dynamic and Spatial Scaling Approach to Advection Forecasting. J. Appl. Meteorol. 42, 2003",
    url: "https://doi.org/10.1175/1520-0450(2003)042%3C0381:ADASSA%3E2.0.CO;2",
};

/// STEPS.
pub const BOWLER: Citation = Citation {
    key: "bowler2006steps",
    bibtex: "@article{bowler2006steps,\n  author  = {Bowler, Neill E. and Pierce, Clive E. and Seed, Alan W.},\n  title   = {{STEPS}: A probabilistic precipitation forecasting scheme which merges an extrapolation nowcast with downscaled {NWP}},\n  journal = {Quarterly Journal of the Royal Meteorological Society},\n  year    = {2006},\n  volume  = {132},\n  number  = {620},\n  pages   = {2127--2155},\n  doi     = {10.1256/qj.04.100}\n}\n",
    text: "N. E. Bowler, C. E. Pierce and A. W. Seed: STEPS: A probabilistic precipitation forecasting scheme which merges an extrapolation nowcast with downscaled NWP. Q. J. R. Meteorol. Soc. 132, 2006",
    url: "https://doi.org/10.1256/qj.04.100",
};

/// Defaults of the reference forecasts, and colours of rain.
pub const PYSTEPS: Citation = Citation {
    key: "pulkkinen2019pysteps",
    bibtex: "@article{pulkkinen2019pysteps,\n  author  = {Pulkkinen, Seppo and Nerini, Daniele and {P\\'erez Hortal}, Andr\\'es A. and Velasco-Forero, Carlos and Seed, Alan and Germann, Urs and Foresti, Loris},\n  title   = {Pysteps: an open-source {Python} library for probabilistic precipitation nowcasting (v1.0)},\n  journal = {Geoscientific Model Development},\n  year    = {2019},\n  volume  = {12},\n  number  = {10},\n  pages   = {4185--4219},\n  doi     = {10.5194/gmd-12-4185-2019}\n}\n",
    text: "S. Pulkkinen et al.: Pysteps: an open-source Python library for probabilistic precipitation nowcasting (v1.0). Geosci. Model Dev. 12, 2019",
    url: "https://doi.org/10.5194/gmd-12-4185-2019",
};

/// RainFARM.
pub const REBORA: Citation = Citation {
    key: "rebora2006rainfarm",
    bibtex: "@article{rebora2006rainfarm,\n  author  = {Rebora, Nicola and Ferraris, Luca and von Hardenberg, Jost and Provenzale, Antonello},\n  title   = {{RainFARM}: Rainfall Downscaling by a Filtered Autoregressive Model},\n  journal = {Journal of Hydrometeorology},\n  year    = {2006},\n  volume  = {7},\n  number  = {4},\n  pages   = {724--738},\n  doi     = {10.1175/JHM517.1}\n}\n",
    text: "N. Rebora, L. Ferraris, J. von Hardenberg and A. Provenzale: RainFARM: Rainfall Downscaling by a Filtered Autoregressive Model. J. Hydrometeorol. 7, 2006",
    url: "https://doi.org/10.1175/JHM517.1",
};

/// Weights for terrain.
pub const TERZAGO: Citation = Citation {
    key: "terzago2018stochastic",
    bibtex: "@article{terzago2018stochastic,\n  author  = {Terzago, Silvia and Palazzi, Elisa and von Hardenberg, Jost},\n  title   = {Stochastic downscaling of precipitation in complex orography: a simple method to reproduce a realistic fine-scale climatology},\n  journal = {Natural Hazards and Earth System Sciences},\n  year    = {2018},\n  volume  = {18},\n  number  = {11},\n  pages   = {2825--2840},\n  doi     = {10.5194/nhess-18-2825-2018}\n}\n",
    text: "S. Terzago, E. Palazzi and J. von Hardenberg: Stochastic downscaling of precipitation in complex orography. Nat. Hazards Earth Syst. Sci. 18, 2018",
    url: "https://doi.org/10.5194/nhess-18-2825-2018",
};

/// Fractions Skill Score.
pub const ROBERTS: Citation = Citation {
    key: "roberts2008scale",
    bibtex: "@article{roberts2008scale,\n  author  = {Roberts, Nigel M. and Lean, Humphrey W.},\n  title   = {Scale-Selective Verification of Rainfall Accumulations from High-Resolution Forecasts of Convective Events},\n  journal = {Monthly Weather Review},\n  year    = {2008},\n  volume  = {136},\n  number  = {1},\n  pages   = {78--97},\n  doi     = {10.1175/2007MWR2123.1}\n}\n",
    text: "N. M. Roberts and H. W. Lean: Scale-Selective Verification of Rainfall Accumulations from High-Resolution Forecasts of Convective Events. Mon. Weather Rev. 136, 2008",
    url: "https://doi.org/10.1175/2007MWR2123.1",
};

/// SAL.
pub const WERNLI: Citation = Citation {
    key: "wernli2008sal",
    bibtex: "@article{wernli2008sal,\n  author  = {Wernli, Heini and Paulat, Marcus and Hagen, Martin and Frei, Christoph},\n  title   = {{SAL}---A Novel Quality Measure for the Verification of Quantitative Precipitation Forecasts},\n  journal = {Monthly Weather Review},\n  year    = {2008},\n  volume  = {136},\n  number  = {11},\n  pages   = {4470--4487},\n  doi     = {10.1175/2008MWR2415.1}\n}\n",
    text: "H. Wernli, M. Paulat, M. Hagen and C. Frei: SAL: A Novel Quality Measure for the Verification of Quantitative Precipitation Forecasts. Mon. Weather Rev. 136, 2008",
    url: "https://doi.org/10.1175/2008MWR2415.1",
};

/// CRPS of an ensemble.
pub const HERSBACH: Citation = Citation {
    key: "hersbach2000crps",
    bibtex: "@article{hersbach2000crps,\n  author  = {Hersbach, Hans},\n  title   = {Decomposition of the Continuous Ranked Probability Score for Ensemble Prediction Systems},\n  journal = {Weather and Forecasting},\n  year    = {2000},\n  volume  = {15},\n  number  = {5},\n  pages   = {559--570},\n  doi     = {10.1175/1520-0434(2000)015<0559:DOTCRP>2.0.CO;2}\n}\n",
    text: "H. Hersbach: Decomposition of the Continuous Ranked Probability Score for Ensemble Prediction Systems. Weather Forecast. 15, 2000",
    url: "https://doi.org/10.1175/1520-0434(2000)015%3C0559:DOTCRP%3E2.0.CO;2",
};

/// Isotonic recalibration.
pub const AYER: Citation = Citation {
    key: "ayer1955empirical",
    bibtex: "@article{ayer1955empirical,\n  author  = {Ayer, Miriam and Brunk, H. D. and Ewing, G. M. and Reid, W. T. and Silverman, Edward},\n  title   = {An Empirical Distribution Function for Sampling with Incomplete Information},\n  journal = {The Annals of Mathematical Statistics},\n  year    = {1955},\n  volume  = {26},\n  number  = {4},\n  pages   = {641--647},\n  doi     = {10.1214/aoms/1177728423}\n}\n",
    text: "M. Ayer, H. D. Brunk, G. M. Ewing, W. T. Reid and E. Silverman: An Empirical Distribution Function for Sampling with Incomplete Information. Ann. Math. Stat. 26, 1955",
    url: "https://doi.org/10.1214/aoms/1177728423",
};

/// CRPS as if an ensemble had endless members.
pub const FERRO: Citation = Citation {
    key: "ferro2014fair",
    bibtex: "@article{ferro2014fair,\n  author  = {Ferro, C. A. T.},\n  title   = {Fair scores for ensemble forecasts},\n  journal = {Quarterly Journal of the Royal Meteorological Society},\n  year    = {2014},\n  volume  = {140},\n  number  = {683},\n  pages   = {1917--1923},\n  doi     = {10.1002/qj.2270}\n}\n",
    text: "C. A. T. Ferro: Fair scores for ensemble forecasts. Q. J. R. Meteorol. Soc. 140, 2014",
    url: "https://doi.org/10.1002/qj.2270",
};

/// The NCEP/NCAR reanalysis.
pub const KALNAY: Citation = Citation {
    key: "kalnay1996ncep",
    bibtex: "@article{kalnay1996ncep,\n  author  = {Kalnay, E. and others},\n  title   = {The {NCEP/NCAR} 40-Year Reanalysis Project},\n  journal = {Bulletin of the American Meteorological Society},\n  year    = {1996},\n  volume  = {77},\n  number  = {3},\n  pages   = {437--471},\n  doi     = {10.1175/1520-0477(1996)077<0437:TNYRP>2.0.CO;2}\n}\n",
    text: "E. Kalnay et al.: The NCEP/NCAR 40-Year Reanalysis Project. Bull. Am. Meteorol. Soc. 77, 1996",
    url: "https://doi.org/10.1175/1520-0477(1996)077%3C0437:TNYRP%3E2.0.CO;2",
};
