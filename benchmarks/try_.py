import time
def main():
    from benchmarks.databases import servers
    from benchmarks.stage import build_stages
    from benchmarks import measures
    from benchmarks.workload import wishes
    from datetime import datetime,UTC,timedelta
    from benchmarks.contenders.registry import CONTENDERS
    from benchmarks.processes import run_together, Course
    with servers(["sqlite"]) as found:
        st=build_stages(found["sqlite"],"sqlite",far=0)
        for n,s in st.items():
            for i in range(2):
                t=time.time(); s.reset(); print(n,"reset",time.time()-t)
                w=wishes(10000,start=datetime.now(UTC)+timedelta(1),apart=timedelta(seconds=1))
                t=time.time(); r=run_together(CONTENDERS[n,"sqlite"].schedule,(s.target,w),count=1,course=Course()); print("run",time.time()-t,r)
if __name__=="__main__": main()
